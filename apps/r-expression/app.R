# Expression of a gene by groups of samples, for the studies of an ODM, in R.

library(shiny)
library(odmshiny)

# An ODM that does not answer is told on the page, not in a log.
con <- tryCatch(odm_connect(), odm_error = identity)

# Genes worth a first look in the demo studies, by "Study Source ID".
FIRST_GENES <- c(
  "ALL" = "CD19",
  "multtest/golub" = "CST3",
  "gene_reads_2017-06-05_v8_lung" = "COL6A2"
)
METADATA <- c(
  "All" = "all",
  "Those of the study's template" = "template",
  "Those of the default template" = "default"
)

controls <- tags$details(
  class = "controls", open = NA,
  tags$summary("Study, gene, samples"),
  selectInput("study", "Study", NULL),
  textInput("gene", "Gene", placeholder = "Symbol or identifier"),
  uiOutput("feature_choice"),
  selectInput("file", "Matrix and version", NULL, selectize = FALSE),
  uiOutput("measurement_choice"),
  textOutput("n_samples"),
  uiOutput("facets"),
  textInput("filter", "Filter", placeholder = "Age > 40 AND \"Cell Type\"=\"T cell\""),
  uiOutput("filter_error"),
  radioButtons("metadata", "Metadata shown", METADATA)
)

results <- tags$main(
  uiOutput("banner"),
  tags$section(
    class = "panel",
    selectInput("attribute", "Group by", NULL, selectize = FALSE),
    plotOutput("figure", height = "420px"),
    tags$p(class = "test", textOutput("test", inline = TRUE)),
    downloadLink("download", "Values (CSV)")
  ),
  tags$section(
    class = "panel",
    tabsetPanel(
      tabPanel("Groups", div(class = "wide", tableOutput("summary"), tableOutput("pairs"))),
      tabPanel("Samples", div(class = "wide", DT::DTOutput("samples"))),
      tabPanel("Why these samples", tableOutput("funnel")),
      tabPanel(
        "Code",
        radioButtons("language", "Language", c("R", "Python", "curl"), inline = TRUE),
        verbatimTextOutput("code"),
        helpText(
          "The queries that ran. The token is not among them:",
          "it is read from the variable ODM_TOKEN."
        )
      )
    )
  )
)

ui <- fluidPage(
  theme = bslib::bs_theme(version = 5),
  lang = "en",
  title = "Expression",
  tags$head(
    tags$meta(name = "viewport", content = "width=device-width, initial-scale=1"),
    tags$link(rel = "icon", href = "data:,"),
    includeCSS("www/app.css"),
    tags$script(HTML("document.addEventListener('DOMContentLoaded', () => {
      if (innerWidth < 768) document.querySelector('.controls').open = false;
    });"))
  ),
  tags$header(tags$h1("Expression"), textOutput("odm", inline = TRUE)),
  div(class = "page", controls, results)
)

# Show an error of the ODM in the place of what was asked for.
refuse <- function(error) validate(conditionMessage(error), errorClass = "odm")

asked <- function(answer) {
  tryCatch(answer, odm_error = function(error) refuse(error))
}

server <- function(input, output, session) {
  connection <- reactive({
    if (inherits(con, "error")) refuse(con)
    con
  })

  # ---- what is asked ----------------------------------------------------------

  studies <- reactive(asked(study_choices(connection())))
  observe(updateSelectInput(session, "study", choices = studies()))

  study <- reactive({
    validate(need(length(studies()) > 0, "No study yet: odm-shiny demo or import loads one."))
    req(input$study)
    study_query(connection(), input$study)
  })

  observe({
    record <- asked(odm_record(connection(), input$study))
    gene <- FIRST_GENES[as.character(record$`Study Source ID`)]
    gene <- if (length(gene) && !is.na(gene)) unname(gene) else ""
    updateTextInput(session, "gene", value = gene)
    updateTextInput(session, "filter", value = "")
  }) |> bindEvent(input$study, ignoreInit = TRUE)

  files <- reactive(asked(files_of(study())))
  observe(updateSelectInput(session, "file", choices = file_choices(files())))
  file <- reactive({
    validate(need(nrow(files()) > 0, "No data file is linked to the samples of this study."))
    found <- files()[files()$accession == input$file, ]
    req(nrow(found) == 1)
    found
  })

  study_samples <- reactive(asked(samples_of(study(), input$metadata)))
  facets <- reactive(asked(facets_of(study(), setdiff(names(study_samples()), ACCESSION))))
  picked <- reactive({
    values <- lapply(seq_along(facets()), function(place) input[[paste0("facet", place)]])
    # The page may still say what was ticked in another study.
    values <- Map(function(ticked, table) intersect(ticked, table$value), values, facets())
    setNames(values, names(facets()))
  }) |> debounce(300)

  typed <- reactive(input$filter) |> debounce(600)
  parsed <- reactive(tryCatch(cohort(study(), list(), typed()), odm_query_error = identity))
  good_filter <- reactiveVal("")
  observe(if (!inherits(parsed(), "error")) good_filter(typed()))
  observe(good_filter("")) |> bindEvent(input$study)

  query <- reactive(asked(cohort(study(), picked(), good_filter())))
  samples <- reactive(asked(samples_of(query(), input$metadata)))

  gene <- reactive(trimws(input$gene)) |> debounce(600)
  found <- reactive({
    query <- query()
    validate(need(gene(), "Type a gene."))
    asked(first_found(gene_queries(query, file(), gene())))
  })
  # What the page says counts only while it is one of the present choices.
  measurement <- reactive({
    known <- file()$measurements[[1]]
    if (isTRUE(input$measurement %in% known)) input$measurement else c(known, "value")[1]
  })
  values <- reactive({
    rows <- values_of(found()$rows, file(), measurement())
    validate(need(nrow(samples()) > 0, "No samples match these filters."))
    nothing <- paste0("\u201c", gene(), "\u201d has no values in this matrix for these samples.")
    validate(need(nrow(rows) > 0, nothing))
    rows
  })

  feature <- reactive({
    features <- unique(values()$feature)
    if (isTRUE(input$feature %in% features)) input$feature else features[1]
  })
  shown <- reactive({
    rows <- values()[values()$feature == feature(), ]
    of_sample <- match(rows$sample, samples()[[ACCESSION]])
    attribute <- samples()[[input$attribute]]
    if (is.null(attribute)) {
      rows$group <- factor(rep("all", nrow(rows)))
    } else {
      rows$group <- group_by(attribute)[of_sample]
    }
    rows
  })

  # ---- controls that depend on answers ----------------------------------------

  output$odm <- renderText({
    con <- connection()
    paste0(con$where, if (is.null(con$url)) " (inside this app)")
  })

  observe({
    attributes <- group_attributes(study_samples())
    kept <- isolate(input$attribute)
    selected <- if (isTRUE(kept %in% attributes)) kept else c(attributes, ALL_SAMPLES)[1]
    choices <- c(attributes, ALL_SAMPLES)
    updateSelectInput(session, "attribute", choices = choices, selected = selected)
  })

  # Nothing is offered while there are no values; the plot says why.
  output$feature_choice <- renderUI({
    features <- tryCatch(unique(values()$feature), shiny.silent.error = function(error) NULL)
    if (length(features) > 1) {
      selectInput("feature", "Feature", features, isolate(feature()), selectize = FALSE)
    }
  })

  output$measurement_choice <- renderUI({
    measurements <- file()$measurements[[1]]
    if (length(measurements) > 1) {
      selectInput("measurement", "Measurement", measurements, selectize = FALSE)
    }
  })

  output$facets <- renderUI({
    tables <- facets()
    lapply(seq_along(tables), function(place) {
      table <- tables[[place]]
      tags$details(
        class = "facet", open = if (place <= 2) NA,
        tags$summary(names(tables)[place]),
        checkboxGroupInput(
          paste0("facet", place), NULL,
          choiceNames = paste0(table$value, " (", table$count, ")"),
          choiceValues = table$value
        )
      )
    })
  })

  output$filter_error <- renderUI({
    if (inherits(parsed(), "error")) {
      tags$pre(class = "filter-error", role = "alert", conditionMessage(parsed()))
    }
  })

  output$n_samples <- renderText(paste(nrow(samples()), "of", nrow(study_samples()), "samples"))

  output$banner <- renderUI({
    if (!file()$active) {
      said <- paste0("This is v", file()$number, " of the matrix, which is not its active version.")
      div(class = "alert alert-warning", role = "status", said)
    }
  })

  # ---- what is shown ----------------------------------------------------------

  comparison <- reactive(compare(shown()$value, shown()$group))
  summary_table <- reactive(summarise(shown()$value, shown()$group))
  value_name <- reactive({
    of <- if (measurement() != "value" || is.na(file()$scale)) measurement() else file()$scale
    paste0(gene(), if (feature() != gene()) paste0(" \u00b7 ", feature()), ", ", of)
  })

  output$figure <- renderPlot(
    {
      x_title <- if (nlevels(shown()$group) > 1) input$attribute
      box_figure(shown()$value, shown()$group, value_name(), x_title)
    },
    res = 96,
    alt = reactive(figure_text(value_name(), summary_table()))
  )
  output$test <- renderText(sentence(comparison()))
  output$summary <- renderTable(summary_table(), digits = 3)
  output$pairs <- renderTable({
    pairs <- comparison()$pairs
    req(pairs)
    data.frame(
      Group = pairs$first, With = pairs$second, p = format_p(pairs$p),
      `Adjusted p` = format_p(pairs$p_adjusted), check.names = FALSE
    )
  })
  output$samples <- DT::renderDT(
    DT::datatable(
      samples(),
      rownames = FALSE, selection = "none", class = "stripe nowrap",
      # Debian's package has a style sheet of DataTables' own look only.
      style = "default", options = list(pageLength = 10, scrollX = TRUE)
    )
  )
  output$funnel <- renderTable({
    funnel <- asked(odm_explain(found()$query))
    count <- paste0(ifelse(funnel$exact, "", "at least "), funnel$count)
    data.frame(Count = count, What = funnel$label)
  }, colnames = FALSE)
  output$code <- renderText({
    of_samples <- asked(odm_samples(query()) |> odm_metadata(input$metadata))
    asked(script_of(list(samples = of_samples, values = found()$query), input$language))
  })
  output$download <- downloadHandler(
    filename = function() {
      name <- paste0(gene(), "-", feature(), "_", input$file, "_values.csv")
      gsub("[^A-Za-z0-9._-]+", "-", name)
    },
    content = function(path) {
      of_sample <- match(shown()$sample, samples()[[ACCESSION]])
      about <- samples()[of_sample, setdiff(names(samples()), ACCESSION), drop = FALSE]
      values <- shown()[c("feature", "sample", "value")]
      write.csv(cbind(values, about), path, row.names = FALSE, na = "")
    }
  )
}

shinyApp(ui, server)
