#' Values of genes and other features
#'
#' `odm_expression()` finds values, one for each feature and run, wherever they
#' are: the conditions go along the whole chain from study to value.
#' `odm_expression_groups()` finds the files that hold them, and `odm_matrix()`
#' reads one of these files.
#'
#' @param con A connection, or a query.
#' @param data A condition on `feature` and `value`; see [odm_filter()].
#' @param ... Nothing: what follows must be named.
#' @param genes Names of features: any of them.
#' @param at_least Smallest value.
#' @param study,sample,library,preparation,expression Conditions on the
#'   attributes of these records, or of the file; see [odm_where()].
#' @param versions Versions of the files, such as `"v1"`, `"v2,v0"`, `"*"` or
#'   `"CHAIN:v3"`; not said, the active ones. See [odm_versions()].
#' @param metadata How many attributes are shown; see [odm_samples()].
#' @param limit Most rows in all.
#' @param accession Of a file (group) of data.
#' @return A query. [odm_collect()] takes the answer: long as a data frame, or as
#'   a matrix, a SummarizedExperiment ...
#' @examplesIf odm_available()
#' con <- odm_demo()
#' values <- odm_expression(con, genes = c("CD19", "CD3D"), study = `Study Source ID` == "ALL")
#' odm_collect(values, "matrix")[, 1:4]
#' head(values, 2)[c("runSourceId", "gene", "value")]
#'
#' odm_expression_groups(con, study = `Study Source ID` == "ALL")$itemId
#' @export
odm_expression <- function(con, data = NULL, ..., genes = NULL, at_least = NULL,
                           study, sample, library, preparation, expression, versions = NULL,
                           metadata = c("all", "template", "default"), limit = NULL) {
  check_no_dots(...)
  env <- parent.frame()
  found <- add_step(as_query(con, "con"), "expression")
  given <- captured(environment(), env)
  found <- add_conditions(found, "where", given, FALSE)
  if (!is.null(genes)) {
    found <- odm_genes(found, genes)
  }
  if (!is.null(at_least)) {
    found <- odm_at_least(found, at_least)
  }
  condition <- capture_condition(substitute(data), env, "data")
  if (!is.null(condition)) {
    found <- add_step(found, "data", condition = condition$tree)
  }
  finish(found, versions = versions, metadata = if (!missing(metadata)) metadata, limit = limit)
}

#' @rdname odm_expression
#' @export
odm_expression_groups <- function(con, ..., study, sample, library, preparation, expression,
                                  versions = NULL, metadata = c("all", "template", "default"),
                                  limit = NULL) {
  check_no_dots(...)
  found <- add_step(as_query(con, "con"), "expression_groups")
  found <- add_conditions(found, "where", captured(environment(), parent.frame()), FALSE)
  finish(found, versions = versions, metadata = if (!missing(metadata)) metadata, limit = limit)
}

#' @rdname odm_expression
#' @export
odm_matrix <- function(con, accession) {
  check_text(accession, "accession")
  add_step(as_query(con, "con"), "matrix", accession = accession)
}

# Conditions in the arguments `study`, `sample` ... of a function: `frame` is its
# environment, `env` where it was called.
captured <- function(frame, env) {
  given <- list()
  for (kind in c("study", "sample", "library", "preparation", "expression")) {
    if (!eval(call("missing", as.name(kind)), frame)) {
      expr <- eval(call("substitute", as.name(kind)), frame)
      given[kind] <- list(tree_of(capture_condition(expr, env, "filter")))
    }
  }
  given
}
