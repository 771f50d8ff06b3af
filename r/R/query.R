#' A question to ODM
#'
#' A query is a value: every verb gives a new one, and nothing is asked before
#' you collect, count or print rows of the answer.
#'
#' @section Verbs:
#' | verb | what it does |
#' |---|---|
#' | [odm_studies()], [odm_samples()], [odm_libraries()], [odm_preparations()] | what is found |
#' | [odm_expression()], [odm_expression_groups()], [odm_matrix()] | values of features, files of data, one file |
#' | [odm_where()], [odm_text()] | conditions on attributes, words |
#' | [odm_genes()], [odm_at_least()], [odm_data()] | conditions on features and values |
#' | [odm_versions()] | versions of files of data |
#' | [odm_metadata()], [odm_specific_terms()], [odm_terms()] | how much records show |
#' | [odm_sorted_by()], [odm_limited_to()], [odm_without()] | order, number, conditions taken back |
#'
#' Then [odm_collect()], [odm_explain()], [odm_facets()] or [odm_code()]. `head()`,
#' `as.data.frame()`, `as.matrix()` and `summary()` work as well. `query$Age`,
#' `query[["Cell Type"]]` and `query[1:2, ]` are of the answer, which is asked for
#' once and kept; `query$Age` is `NULL` where nothing was found. How many rows
#' there are says `summary(query)$total`, without taking them.
#'
#' @param connection An ODM, from [odm_connect()] or [odm_demo()]; `NULL` for a
#'   question without one, to be printed with [odm_code()].
#' @return An `odm_query` that finds samples.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' query <- odm_query(con) |>
#'   odm_where(study = `Study Source ID` == "ALL", sample = Age < 20)
#' query
#' head(query, 3)[c("Sample Name", "Age")]
#' @export
odm_query <- function(connection = NULL) {
  if (!is.null(connection)) {
    check_connection(connection)
  }
  query <- new_query(connection, list(), "samples", "samples")
  level <- connection$metadata
  if (is.null(level) || level == "all") query else odm_metadata(query, level)
}

# A query is the list of verbs that made it, in order. Python does the same to its
# own query, so that what they mean is said in one place.
new_query <- function(connection, steps, kind, text) {
  structure(
    list(connection = connection, steps = steps, kind = kind, text = text, answers = new.env(parent = emptyenv())),
    class = "odm_query"
  )
}

# Parts of a query, which `$` does not give: that is a column of the answer.
part <- function(query, name) .subset2(query, name)

add_step <- function(query, verb, ...) {
  steps <- c(part(query, "steps"), list(list(verb = verb, arguments = said(list(...)))))
  connection <- part(query, "connection")
  if (is.null(connection)) {
    kind <- if (verb %in% KINDS) verb else if (verb == "matrix") "expression" else part(query, "kind")
    return(new_query(NULL, steps, kind, NULL))
  }
  # Python looks at the question now, so that a mistake is told where it is made.
  found <- odm_call("describe", steps = steps)
  new_query(connection, steps, found$kind, found$text)
}

KINDS <- c("studies", "samples", "libraries", "preparations", "expression", "expression_groups")

said <- function(arguments) arguments[!vapply(arguments, is.null, NA)]

# The query of a verb's first argument; a connection stands for an empty one.
as_query <- function(x, name = "query") {
  if (inherits(x, "odm_query")) {
    return(x)
  }
  if (inherits(x, "odm_connection")) {
    return(odm_query(x))
  }
  odm_abort(
    paste0("`", name, "` is a query or a connection, not ", what_is(x)),
    "odm_usage_error",
    hint = "odm_connect() opens an ODM, and odm_demo() the one that is inside"
  )
}

bound <- function(query) {
  if (is.null(part(query, "connection"))) {
    odm_abort("this query belongs to no ODM", "odm_usage_error", hint = "begin it with odm_query(odm_connect(...))")
  }
  check_connection(part(query, "connection"))
}

#' @export
format.odm_query <- function(x, ...) {
  text <- part(x, "text")
  if (is.null(text)) {
    verbs <- vapply(part(x, "steps"), function(step) step$verb, "")
    text <- paste0(part(x, "kind"), if (length(verbs)) paste0(": ", paste(verbs, collapse = ", ")))
  }
  paste0("<odm_query> ", text)
}

#' @export
print.odm_query <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  connection <- part(x, "connection")
  if (is.null(connection)) {
    cat("# on no ODM; odm_code() prints it\n")
    return(invisible(x))
  }
  cat("# on ", connection$where, if (is_closed(connection)) ", closed", "\n", sep = "")
  cat("# odm_collect() takes the answer, odm_explain() counts, odm_code() prints it\n")
  invisible(x)
}

#' @export
summary.odm_query <- function(object, ...) {
  structure(
    list(question = format(object), total = odm_call("total", bound(object)$handle, steps = part(object, "steps")),
         kind = part(object, "kind"), funnel = odm_explain(object)),
    class = "summary.odm_query"
  )
}

#' @export
print.summary.odm_query <- function(x, ...) {
  cat(x$question, "\n", sep = "")
  cat("# ", count_text(x$total), " ", gsub("_", " ", x$kind), "\n", sep = "")
  print(x$funnel)
  invisible(x)
}
