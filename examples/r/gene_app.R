# A small Shiny app: a gene by an attribute of the samples. Start it with
# Rscript gene_app.R 8080, or odm-shiny r gene_app.R 8080. The template
# r-expression is the whole app: odm-shiny new my-app --template r-expression

library(shiny)
library(odmshiny)

con <- odm_connect()
leukemia <- odm_query(con) |> odm_where(study = `Study Source ID` == "ALL")

ui <- fluidPage(
  lang = "en",
  title = "A gene",
  textInput("gene", "Gene", "CD19"),
  textInput("filter", "Samples", placeholder = "Age > 40"),
  selectInput("attribute", "By", c("Cell Type", "Sex", "Molecular Biology"), selectize = FALSE),
  plotOutput("plot"),
  verbatimTextOutput("code")
)

server <- function(input, output, session) {
  # A filter that does not parse, or an ODM that does not answer, is told where the
  # plot would be.
  asked <- function(answer) {
    tryCatch(answer, odm_error = function(error) validate(conditionMessage(error)))
  }

  query <- reactive(asked(odm_where(leukemia, sample = input$filter))) |> debounce(500)
  values <- reactive({
    samples <- odm_collect(odm_samples(query()))
    values <- odm_collect(odm_expression(query(), genes = input$gene))
    validate(need(nrow(values) > 0, paste("No values of", input$gene)))
    values$by <- samples[[input$attribute]][match(values$sample, samples$`genestack:accession`)]
    values
  }) |> bindCache(odm_code(query(), "Python"), input$gene, input$attribute)

  output$plot <- renderPlot({
    boxplot(value ~ by, asked(values()), xlab = input$attribute, ylab = input$gene)
  })
  output$code <- renderText(odm_code(odm_expression(query(), genes = input$gene)))
}

port <- commandArgs(TRUE)
port <- if (length(port)) as.integer(port)
runApp(shinyApp(ui, server), port = port, launch.browser = interactive())
