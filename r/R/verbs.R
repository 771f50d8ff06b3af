#' Conditions on attributes and words
#'
#' Conditions are added to those already there, and all must hold.
#'
#' @param query A query, or a connection: then a question for its samples begins.
#' @param study,sample,library,preparation,expression For `odm_where()`, a
#'   condition on the attributes of these records, or of the file of data:
#'   `Tissue == "liver"`, a formula, ODM's text, or an [odm_filter()] made before.
#'   For `odm_text()`, words in ODM's full-text language: those side by side are
#'   alternatives.
#' @param ... Nothing: conditions have the name of what they are about.
#' @param replace Put these in place of those that were there; `NULL` then
#'   removes one.
#' @return A query.
#' @seealso [odm_filter()] for what a condition may say.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' types <- c("B cell", "T cell")
#' odm_query(con) |>
#'   odm_where(study = `Study Source ID` == "ALL", sample = Age < 20 & `Cell Type` %in% types)
#' odm_query(con) |> odm_text(study = "leukemia")
#' @export
odm_where <- function(query, ..., study, sample, library, preparation, expression, replace = FALSE) {
  query <- as_query(query)
  check_kinds(...)
  check_flag(replace, "replace")
  add_conditions(query, "where", captured(environment(), parent.frame()), replace)
}

#' @rdname odm_where
#' @export
odm_text <- function(query, ..., study, sample, library, preparation, replace = FALSE) {
  query <- as_query(query)
  check_kinds(...)
  check_flag(replace, "replace")
  given <- list()
  for (kind in c("study", "sample", "library", "preparation")) {
    if (!eval(call("missing", as.name(kind)))) {
      text <- get(kind)
      if (!is.null(text)) {
        check_text(text, kind)
      }
      given[kind] <- list(text)
    }
  }
  add_conditions(query, "text", given, replace)
}

# NULL takes a condition away, and is no condition where there is none to take.
add_conditions <- function(query, verb, given, replace) {
  removed <- names(given)[vapply(given, is.null, NA)]
  if (replace) {
    suffix <- if (verb == "where") "_filter" else "_text"
    if (length(given)) {
      query <- add_step(query, "without", names = paste0(names(given), suffix))
    }
  }
  given <- given[setdiff(names(given), removed)]
  if (!length(given)) {
    return(query)
  }
  do.call(add_step, c(list(query, verb), given))
}

tree_of <- function(filter) if (is.null(filter)) NULL else filter$tree

check_kinds <- function(...) {
  if (!...length()) {
    return(invisible())
  }
  kinds <- c("study", "sample", "library", "preparation", "expression")
  given <- names(match.call(expand.dots = FALSE)$...)
  given <- given[nzchar(given)]
  near <- if (length(given)) agrep(given[1], kinds, value = TRUE)
  odm_abort(
    if (length(given)) {
      paste0("there are no records called \"", given[1], "\"")
    } else {
      "a condition has the name of what it is about"
    },
    "odm_usage_error",
    hint = if (length(near)) {
      paste0("did you mean ", near[1], "?")
    } else {
      "such as odm_where(sample = Tissue == \"liver\")"
    }
  )
}

#' Conditions on genes, other features, and values
#'
#' @param query A query or a connection.
#' @param ... For `odm_genes()`, names of features, one by one or as vectors:
#'   any of them, in place of those asked before.
#' @param threshold Smallest value, in place of the one asked before.
#' @param condition A condition on `feature` and `value`; see [odm_filter()].
#' @param replace Put it in place of what was there.
#' @return A query.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' odm_query(con) |> odm_genes("CD19", "CD3D") |> odm_at_least(8)
#' odm_query(con) |> odm_data(feature("gene") == "CD19" & value >= 8)
#' @export
odm_genes <- function(query, ...) {
  query <- as_query(query)
  names <- unlist(lapply(list(...), function(one) if (is.factor(one)) as.character(one) else one))
  if (!is.character(names) || !length(names) || anyNA(names)) {
    odm_abort("genes are named by texts", "odm_usage_error", hint = "odm_genes(query, \"CD19\", \"CD3D\")")
  }
  add_step(query, "genes", names = enc2utf8(unique(names)))
}

#' @rdname odm_genes
#' @export
odm_at_least <- function(query, threshold) {
  query <- as_query(query)
  is_one <- (is.numeric(threshold) || is.character(threshold)) && length(threshold) == 1L && !is.na(threshold)
  if (!is_one) {
    odm_abort(paste0("`threshold` is one number, not ", what_is(threshold)), "odm_usage_error")
  }
  add_step(query, "at_least", threshold = value_texts(threshold, quote(value >= threshold)))
}

#' @rdname odm_genes
#' @export
odm_data <- function(query, condition, replace = FALSE) {
  query <- as_query(query)
  check_flag(replace, "replace")
  found <- capture_condition(substitute(condition), parent.frame(), "data")
  if (replace) {
    query <- add_step(query, "without", names = "data_query")
  }
  if (is.null(found)) query else add_step(query, "data", condition = found$tree)
}

#' How a query is answered
#'
#' @param query A query or a connection.
#' @param level How many attributes records show: `"all"`, `"template"` (those of
#'   the study's template) or `"default"` (those of the default template).
#' @param on `FALSE` takes it back.
#' @param key `"id"`, `"creation"`, `"last_update"` or `"name"`.
#' @param descending The other way round.
#' @param n Most rows that are wanted; `NULL` for all.
#' @param ... Names of what is taken back: `"sample_filter"`, `"study_text"`,
#'   `"data_query"`, `"use_versions"`, `"metadata_level"`, `"sort"`, `"limit"` ...
#' @return A query.
#' @details `odm_specific_terms()` lets words stand for their narrower terms in
#'   the dictionaries, too. `odm_terms()` asks for the identifiers of terms.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' query <- odm_samples(con, Age < 20) |>
#'   odm_metadata("template") |>
#'   odm_sorted_by("name") |>
#'   odm_limited_to(5)
#' query
#' odm_without(query, "sort", "limit")
#' @export
odm_metadata <- function(query, level = c("all", "template", "default")) {
  add_step(as_query(query), "metadata", level = one_of(level, c("all", "template", "default"), "level"))
}

#' @rdname odm_metadata
#' @export
odm_specific_terms <- function(query, on = TRUE) {
  check_flag(on, "on")
  add_step(as_query(query), "specific_terms", on = on)
}

#' @rdname odm_metadata
#' @export
odm_terms <- function(query, on = TRUE) {
  check_flag(on, "on")
  add_step(as_query(query), "terms", on = on)
}

#' @rdname odm_metadata
#' @export
odm_sorted_by <- function(query, key, descending = FALSE) {
  check_text(key, "key")
  check_flag(descending, "descending")
  add_step(as_query(query), "sorted_by", key = key, descending = descending)
}

#' @rdname odm_metadata
#' @export
odm_limited_to <- function(query, n) {
  n <- check_count(n, "n")
  if (is.null(n)) odm_without(query, "limit") else add_step(as_query(query), "limited_to", n = n)
}

#' @rdname odm_metadata
#' @export
odm_without <- function(query, ...) {
  names <- c(...)
  if (!is.character(names) || !length(names)) {
    odm_abort("parts of a query are named by texts", "odm_usage_error", hint = "odm_without(query, \"sample_filter\")")
  }
  add_step(as_query(query), "without", names = names)
}
