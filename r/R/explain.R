#' What each condition of a question leaves
#'
#' @param query A query.
#' @return A data frame of class `odm_funnel`, one row a step: `step`, `count`,
#'   `exact` (`FALSE`: at least so many) and `label`.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' odm_query(con) |>
#'   odm_where(study = `Study Source ID` == "ALL", sample = Age < 20) |>
#'   odm_genes("CD19") |>
#'   odm_at_least(8) |>
#'   odm_explain()
#' @export
odm_explain <- function(query) {
  query <- as_query(query)
  funnel <- odm_call("explain", bound(query)$handle, steps = part(query, "steps"))
  structure(funnel, class = c("odm_funnel", "data.frame"))
}

#' @export
format.odm_funnel <- function(x, ...) {
  counts <- paste0(ifelse(x$exact, "", "at least "), count_text(x$count))
  paste(format(counts, justify = "right"), x$label)
}

#' @export
print.odm_funnel <- function(x, ...) {
  if (!all(c("count", "exact", "label") %in% names(x)) || !nrow(x)) {
    print(as.data.frame(unclass(x), optional = TRUE), ...)
    return(invisible(x))
  }
  cat(format(x), sep = "\n")
  invisible(x)
}

# A hundred thousand is no 1e+05, and a decimal comma does not meet the one of thousands.
count_text <- function(n) format(n, big.mark = ",", decimal.mark = ".", scientific = FALSE, trim = TRUE)

# A column without a single value comes as logical NA.
as_texts <- function(frame, columns) {
  frame[columns] <- lapply(frame[columns], as.character)
  frame
}

#' How often each value of an attribute occurs
#'
#' @param query A query: its records are counted, samples by default.
#' @param attributes Which attributes; `NULL` for all that occur.
#' @param limit Most values of each that are listed.
#' @return A data frame: `attribute`, `value` (`NA`: not set) and `count`, most
#'   frequent first.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' odm_samples(con, Age < 20) |> odm_facets(c("Cell Type", "Sex"))
#' @export
odm_facets <- function(query, attributes = NULL, limit = 20) {
  query <- as_query(query)
  if (!is.null(attributes) && (!is.character(attributes) || anyNA(attributes))) {
    odm_abort("`attributes` are names of attributes", "odm_usage_error")
  }
  found <- odm_call("facets", bound(query)$handle,
    steps = part(query, "steps"), attributes = attributes,
    limit = check_count(limit, "limit", null = FALSE)
  )
  as_texts(found, c("attribute", "value"))
}
