# A query as if it were its answer: the whole of it is asked for once, and kept.

answer <- function(query) {
  answers <- part(query, "answers")
  if (is.null(answers$frame)) {
    answers$frame <- odm_collect(query)
  }
  answers$frame
}

#' @export
as.data.frame.odm_query <- function(x, row.names = NULL, optional = FALSE, ...) {
  odm_collect(x, "data.frame")
}

#' @export
as.matrix.odm_query <- function(x, ...) odm_collect(x, "matrix", ...)

#' @export
head.odm_query <- function(x, n = 6L, ...) {
  if (!is.numeric(n) || length(n) != 1L || is.na(n) || n != trunc(n)) {
    odm_abort(paste0("`n` is a whole number, not ", what_is(n)), "odm_usage_error")
  }
  if (n < 0 || is.infinite(n)) {
    return(head(answer(x), n))
  }
  # No limit is 0, and the columns are wanted all the same.
  head(odm_collect(odm_limited_to(x, max(n, 1))), n)
}

#' @importFrom utils tail
#' @export
tail.odm_query <- function(x, n = 6L, ...) tail(answer(x), n, ...)

#' @export
`$.odm_query` <- function(x, name) {
  frame <- answer(x)
  # Where nothing was found there are no columns, and none can be missing.
  if (!length(frame)) {
    return(NULL)
  }
  if (!name %in% names(frame)) {
    near <- agrep(name, names(frame), ignore.case = TRUE, value = TRUE)
    odm_abort(
      paste0("the answer has no column \"", name, "\""),
      "odm_query_error",
      hint = if (length(near)) paste0("did you mean `", near[1], "`?") else "names(odm_collect(query)) lists them"
    )
  }
  frame[[name]]
}

#' @export
`[[.odm_query` <- function(x, i, ...) {
  if (is.character(i) && length(i) == 1L) `$.odm_query`(x, i) else answer(x)[[i, ...]]
}

#' @export
`[.odm_query` <- function(x, ...) answer(x)[...]

#' @export
`$<-.odm_query` <- function(x, name, value) refuse_assignment()

#' @export
`[[<-.odm_query` <- function(x, i, value) refuse_assignment()

#' @export
`[<-.odm_query` <- function(x, ..., value) refuse_assignment()

refuse_assignment <- function() {
  odm_abort(
    "a query is a question, and nothing can be assigned in it", "odm_usage_error",
    hint = c("odm_collect(query) is a data frame to change", "odm_patch() changes records in the ODM")
  )
}

#' @export
names.odm_query <- function(x) {
  frame <- part(x, "answers")$frame
  if (is.null(frame)) character() else names(frame)
}

#' @importFrom utils .DollarNames
#' @export
.DollarNames.odm_query <- function(x, pattern = "") grep(pattern, names(x), value = TRUE)

# RStudio calls str() for its list of variables: nothing is asked for that.
#' @importFrom utils str
#' @export
str.odm_query <- function(object, ...) cat(" ", format(object), "\n", sep = "")
