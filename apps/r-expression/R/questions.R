# What the app asks of the ODM. Each function takes a connection or a query of
# odmshiny and gives a query, a table, or plain values.

ACCESSION <- "genestack:accession"
CHAIN <- "genestack:chain"
NUMBER <- "genestack:versionInChain"
ACTIVE <- "genestack:activeInChain"

MAX_FACET_VALUES <- 40L
MAX_FACETS <- 6L

study_query <- function(con, study) {
  odm_query(con) |> odm_where(study = `genestack:accession` == study)
}

# Accessions of the studies, named by their titles.
study_choices <- function(con) {
  studies <- odm_studies(con) |> odm_collect()
  titles <- studies$`Study Title`
  if (is.null(titles)) {
    titles <- rep(NA, nrow(studies))
  }
  accessions <- as.character(studies[[ACCESSION]])
  setNames(accessions, ifelse(is.na(titles), accessions, titles))
}

# The samples that a person chose: values by attribute, and a filter in ODM's text.
cohort <- function(query, picked = list(), text = "") {
  for (name in names(picked)) {
    values <- picked[[name]]
    if (length(values)) {
      query <- odm_where(query, sample = field(name) %in% values)
    }
  }
  odm_where(query, sample = text)
}

# One row a sample, without the columns that are empty for all of them.
samples_of <- function(query, metadata = "all") {
  found <- odm_collect(odm_samples(query) |> odm_metadata(metadata))
  names_first <- c(ACCESSION, setdiff(names(found), c(ACCESSION, "groupId")))
  found <- found[intersect(names_first, names(found))]
  is_list <- vapply(found, is.list, NA)
  found[is_list] <- lapply(found[is_list], listed)
  found[vapply(found, function(column) any(!is.na(column)), NA) | names(found) == ACCESSION]
}

listed <- function(column) {
  joined <- function(one) if (length(one)) paste(one, collapse = " | ") else NA_character_
  vapply(column, joined, "")
}

# Values with their counts of the attributes that have few: attribute to a table.
facets_of <- function(query, attributes) {
  found <- odm_facets(odm_samples(query), attributes, limit = MAX_FACET_VALUES + 1)
  found <- found[!is.na(found$value), ]
  tables <- split(found, factor(found$attribute, unique(found$attribute)))
  tables <- Filter(is_facet, tables)
  tables[seq_len(min(length(tables), MAX_FACETS))]
}

is_facet <- function(table) {
  nrow(table) >= 2 && nrow(table) <= MAX_FACET_VALUES &&
    nrow(table) <= max(2, sum(table$count) / 2) && max(nchar(table$value)) <= 60
}

# Files of expression, the active version first: one row each.
files_of <- function(query) {
  found <- odm_expression_groups(query, versions = "*") |> odm_collect()
  n <- nrow(found)
  column <- function(name) if (is.null(found[[name]])) rep(NA, n) else found[[name]]
  number <- column(NUMBER)
  active <- column(ACTIVE)
  files <- data.frame(
    accession = as.character(column("itemId")),
    name = as.character(column("Name")),
    scale = as.character(column("Scale")),
    chain = as.character(column(CHAIN)),
    number = as.integer(number),
    active = is.na(active) | active
  )
  files$columns <- as_lists(column("Features (string)"))
  files$measurements <- as_lists(column("Values (numeric)"))
  files[order(!files$active, files$name, -files$number), ]
}

as_lists <- function(column) {
  lapply(as.list(column), function(one) Filter(Negate(is.na), unlist(one)))
}

file_choices <- function(files) {
  version <- paste0("v", files$number, ifelse(files$active, " (active)", ""), ": ")
  name <- ifelse(is.na(files$name), files$accession, files$name)
  setNames(files$accession, paste0(ifelse(is.na(files$number), "", version), name))
}

# A query for one version of a matrix, whichever is active later.
in_file <- function(query, file) {
  if (!is.na(file$chain) && !is.na(file$number)) {
    return(odm_versions(query, paste0(file$chain, ":v", file$number)))
  }
  accession <- file$accession
  odm_where(query, expression = `genestack:accession` == accession)
}

# Queries that may find a gene, the likeliest first: files name genes in several
# columns.
gene_queries <- function(query, file, gene) {
  query <- odm_expression(in_file(query, file))
  columns <- file$columns[[1]]
  columns <- columns[order(!grepl("gene$|symbol", columns, ignore.case = TRUE))]
  named <- lapply(columns, function(column) odm_data(query, feature(column) == gene))
  c(named, list(odm_genes(query, gene)))
}

# The first of some queries that finds anything, with what it found.
first_found <- function(queries) {
  for (query in queries) {
    found <- odm_collect(query)
    if (nrow(found)) {
      break
    }
  }
  list(query = query, rows = found)
}

# Values of a gene: one row a value, with its feature and its sample's accession.
values_of <- function(rows, file, measurement = "value") {
  if (!nrow(rows) || is.null(rows[[measurement]])) {
    return(data.frame(feature = character(), sample = character(), value = numeric()))
  }
  sample <- if (is.null(rows$sample)) rows$runSourceId else rows$sample
  data.frame(
    feature = features_of(rows, file),
    sample = as.character(sample),
    value = as.numeric(rows[[measurement]])
  )
}

# What tells the features of a gene apart, such as its probes.
features_of <- function(rows, file) {
  columns <- intersect(file$columns[[1]], names(rows))
  says_little <- grepl("gene$|symbol|description", columns, ignore.case = TRUE)
  columns <- columns[order(says_little)]
  if (length(columns)) as.character(rows[[columns[1]]]) else sub("^[^-]*-", "", rows$itemId)
}

# The queries behind the page as one script.
script_of <- function(queries, language) {
  answers <- list(
    R = function(name) paste0(name, " <- result\n"),
    Python = function(name) paste0(name, " = result.to_pandas()\n"),
    curl = function(name) ""
  )
  parts <- Map(function(name, query) {
    paste0("# ", name, "\n", code_of(query, language), answers[[language]](name))
  }, names(queries), queries)
  paste(parts, collapse = "\n")
}

code_of <- function(query, language) {
  tryCatch(
    as.character(odm_code(query, language)),
    odm_error = function(error) {
      if (language != "curl") stop(error)
      paste0(
        "# This ODM is inside the app: start `odm-shiny serve`, and put its address here.\n",
        odm_code(query, language, url = "https://odm.example.org")
      )
    }
  )
}
