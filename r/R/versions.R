#' Versions: which there are, and which are read
#'
#' With a connection, the versions of a record or of a file of data are listed.
#' With a query, versions of files are chosen.
#'
#' @param x A connection, or a query.
#' @param ... Passed to the methods.
#' @param accession Of a study, sample, library or preparation: what it was
#'   before, newest first. Of a file of data: the files of its version chain.
#' @param versions `"v1"`, `"v2,v0"` (`v0` are files outside of any chain), `"*"`
#'   for every version, `"CHAIN:v3"` for one chain; `NULL` for the active ones.
#' @return A data frame (`version`, `time`, `author`, `message`, or `version`,
#'   `accession`, `active`, `chain`), or a query.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' file <- odm_expression_groups(con, study = `Study Source ID` == "ALL")$itemId
#' odm_versions(con, file)
#'
#' cd19 <- odm_expression(con, feature("gene") == "CD19")
#' nrow(odm_collect(cd19))
#' nrow(odm_collect(odm_versions(cd19, "v1")))
#' @export
odm_versions <- function(x, ...) UseMethod("odm_versions")

#' @rdname odm_versions
#' @export
odm_versions.odm_connection <- function(x, accession, ...) {
  check_no_dots(...)
  check_connection(x)
  check_text(accession, "accession")
  odm_call("versions", x$handle, accession = accession)
}

#' @rdname odm_versions
#' @export
odm_versions.odm_query <- function(x, versions, ...) {
  check_no_dots(...)
  if (is.null(versions)) {
    return(odm_without(x, "use_versions"))
  }
  if (!is.character(versions) || anyNA(versions) || !length(versions)) {
    odm_abort("versions are named by texts", "odm_usage_error", hint = "odm_versions(query, \"v1\")")
  }
  add_step(x, "versions", text = paste(versions, collapse = ","))
}

#' @export
odm_versions.default <- function(x, ...) {
  odm_abort(paste0("`x` is a connection or a query, not ", what_is(x)), "odm_usage_error")
}
