#' Find studies, samples, libraries, preparations
#'
#' With a connection, these begin a question for records that match; with a
#' query, they change what it finds.
#'
#' @param con A connection, or a query.
#' @param filter A condition on the attributes of these records, such as
#'   `Tissue == "liver" & Age >= 40`; see [odm_filter()].
#' @param ... Nothing: what follows must be named.
#' @param query Words to look for in all attributes.
#' @param search_specific_terms Look for narrower terms as well.
#' @param metadata Which attributes records show: `"all"`, `"template"` (those of
#'   the study's template) or `"default"`. Not said, what [odm_connect()] was
#'   told.
#' @param sort `"id"`, `"creation"`, `"last_update"` or `"name"`; with `-` in
#'   front, descending.
#' @param limit Most records in all.
#' @return A query. [odm_collect()] takes the answer as a data frame with one row
#'   a record and one column an attribute; attributes of several values are list
#'   columns.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' odm_studies(con)$`Study Title`
#' young <- odm_samples(con, Age < 20 & `Cell Type` == "B cell")
#' odm_collect(young)[1:3, c("Sample Name", "Age", "Cell Type")]
#'
#' # a query keeps its conditions when it finds something else
#' odm_query(con) |> odm_where(sample = Age < 20) |> odm_studies()
#' @export
odm_samples <- function(con, filter = NULL, ..., query = NULL, search_specific_terms = FALSE,
                        metadata = c("all", "template", "default"), sort = NULL, limit = NULL) {
  check_no_dots(...)
  found <- capture_condition(substitute(filter), parent.frame(), "filter")
  level <- if (!missing(metadata)) metadata
  find_records(con, "samples", found, query, search_specific_terms, level, sort, limit)
}

#' @rdname odm_samples
#' @export
odm_studies <- function(con, filter = NULL, ..., query = NULL, search_specific_terms = FALSE,
                        metadata = c("all", "template", "default"), sort = NULL, limit = NULL) {
  check_no_dots(...)
  found <- capture_condition(substitute(filter), parent.frame(), "filter")
  level <- if (!missing(metadata)) metadata
  find_records(con, "studies", found, query, search_specific_terms, level, sort, limit)
}

#' @rdname odm_samples
#' @export
odm_libraries <- function(con, filter = NULL, ..., query = NULL, search_specific_terms = FALSE,
                          metadata = c("all", "template", "default"), sort = NULL, limit = NULL) {
  check_no_dots(...)
  found <- capture_condition(substitute(filter), parent.frame(), "filter")
  level <- if (!missing(metadata)) metadata
  find_records(con, "libraries", found, query, search_specific_terms, level, sort, limit)
}

#' @rdname odm_samples
#' @export
odm_preparations <- function(con, filter = NULL, ..., query = NULL, search_specific_terms = FALSE,
                             metadata = c("all", "template", "default"), sort = NULL, limit = NULL) {
  check_no_dots(...)
  found <- capture_condition(substitute(filter), parent.frame(), "filter")
  level <- if (!missing(metadata)) metadata
  find_records(con, "preparations", found, query, search_specific_terms, level, sort, limit)
}

find_records <- function(con, kind, filter, words, specific, metadata, sort, limit) {
  found <- add_step(as_query(con, "con"), kind)
  record <- c(studies = "study", samples = "sample", libraries = "library", preparations = "preparation")[[kind]]
  named <- function(value) structure(list(value), names = record)
  if (!is.null(filter)) {
    found <- add_conditions(found, "where", named(filter$tree), FALSE)
  }
  if (!is.null(words)) {
    check_text(words, "query")
    found <- add_conditions(found, "text", named(words), FALSE)
  }
  check_flag(specific, "search_specific_terms")
  if (specific) {
    found <- odm_specific_terms(found)
  }
  finish(found, metadata = metadata, sort = sort, limit = limit)
}

finish <- function(query, versions = NULL, metadata = NULL, sort = NULL, limit = NULL) {
  if (!is.null(versions)) {
    query <- odm_versions(query, versions)
  }
  if (!is.null(metadata)) {
    query <- odm_metadata(query, one_of(metadata, c("all", "template", "default"), "metadata"))
  }
  if (!is.null(sort)) {
    check_text(sort, "sort")
    query <- odm_sorted_by(query, sub("^[+-]", "", sort), descending = startsWith(sort, "-"))
  }
  if (is.null(limit)) query else odm_limited_to(query, check_count(limit, "limit"))
}

#' One record by its accession
#'
#' @param con A connection.
#' @param accession Of a study, sample, library or preparation, or of a file of
#'   data.
#' @param metadata Which attributes; see [odm_samples()].
#' @return A named list: attribute and value.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' accession <- odm_samples(con, limit = 1)$`genestack:accession`
#' odm_record(con, accession)[["Sample Name"]]
#' @export
odm_record <- function(con, accession, metadata = c("all", "template", "default")) {
  check_connection(con)
  check_text(accession, "accession")
  level <- if (missing(metadata)) con$metadata else one_of(metadata, c("all", "template", "default"), "metadata")
  odm_call("record", con$handle, accession = accession, metadata = level)
}
