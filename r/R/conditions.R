#' Conditions that odmshiny signals
#'
#' Every error is an `odm_error`; its message says what to do. Catch the class
#' that you can handle:
#'
#' | class | when |
#' |---|---|
#' | `odm_error` | all of them |
#' | `odm_query_error` | a question that cannot be sent: unknown name, impossible condition, bad value |
#' | `odm_query_syntax` | a text of ODM's that does not parse, with its place; an `odm_query_error` |
#' | `odm_usage_error` | a function of this package was called in a way it does not take |
#' | `odm_http` | the server answered with an error status, in `$status` |
#' | `odm_bad_request`, `odm_not_authenticated`, `odm_forbidden` | 400, 401 and 403; each is an `odm_http` |
#' | `odm_not_found`, `odm_conflict`, `odm_rate_limited`, `odm_server_fault` | 404, 409, 429 and 5xx, likewise |
#' | `odm_transport_error` | no whole answer: connection, time, decoding |
#' | `odm_frame_error` | the answer does not fit the shape that was asked for |
#' | `odm_file_error` | a file that cannot be read as told |
#' | `odm_job_failed` | an import that ended without success |
#' | `odm_edit_error` | a change of many records that stopped in the middle; repeat it to go on |
#' | `odm_store_error` | the embedded ODM: locked, full, read-only or damaged |
#' | `odm_missing_dependency` | a package of R or Python is not installed; the hint installs it |
#' | `odm_python_error` | Python, or what this package needs in it, is missing or does not fit |
#' | `odm_fork_error` | called in a forked process, as of `parallel::mclapply()` |
#' | `odm_closed_error` | the connection was closed |
#' | `odm_not_built` | what this version of the embedded ODM does not have yet |
#'
#' A condition has `$message`, `$call`, and where there is something to say
#' `$hint`, `$status`, `$request_id` and `$python`, the traceback of Python.
#'
#' @name odm_conditions
#' @examplesIf odm_available()
#' con <- odm_demo()
#' tryCatch(
#'   odm_record(con, "GSF999999"),
#'   odm_not_found = function(error) message("there is none: ", error$status)
#' )
NULL

# Signal an error of this package. `class` comes before "odm_error".
odm_abort <- function(message, class = NULL, hint = NULL, ..., call = user_call()) {
  stop(odm_condition(message, class, hint, ..., call = call))
}

odm_condition <- function(message, class = NULL, hint = NULL, ..., call = NULL) {
  hint <- hint[nzchar(hint)]
  text <- c(message, if (length(hint)) paste0("* ", hint))
  structure(
    class = unique(c(class, "odm_error", "error", "condition")),
    list(message = paste(text, collapse = "\n"), call = call, hint = hint, ...)
  )
}

# The call that the user wrote: the first frame that runs a function of this
# package, so that an error names `odm_collect(...)` and none of its helpers.
user_call <- function() {
  home <- topenv()
  for (frame in seq_len(sys.nframe())) {
    if (identical(topenv(environment(sys.function(frame))), home)) {
      return(without_token(sys.call(frame), sys.frame(sys.parents()[frame])))
    }
  }
  NULL
}

# The call stands in the error that is printed and logged, and no token may. `env` is
# where it was written: a function of the user's may have passed its `...` on.
without_token <- function(call, env = parent.frame()) {
  if (!"odm_connect" %in% all.names(call[[1]])) {
    return(call)
  }
  whole <- match.call(odm_connect, call, envir = env)
  for (name in intersect(c("token", "access_token"), names(whole))) {
    whole[[name]] <- quote(...)
  }
  whole
}

# Refuse a suggested package that is not there.
need_package <- function(name, why) {
  if (requireNamespace(name, quietly = TRUE)) {
    return(invisible(TRUE))
  }
  odm_abort(
    paste0(why, " needs the package ", name, ", which is not installed"),
    "odm_missing_dependency",
    hint = install_line(name),
    package = name
  )
}

install_line <- function(name) {
  bioconductor <- c(
    "DESeq2", "limma", "MultiAssayExperiment", "S4Vectors",
    "SingleCellExperiment", "SummarizedExperiment"
  )
  installer <- if (name %in% bioconductor) "BiocManager::install" else "install.packages"
  paste0(installer, "(\"", name, "\")")
}

check_text <- function(x, name, null = FALSE, secret = FALSE) {
  if (null && is.null(x)) {
    return(invisible())
  }
  if (!is.character(x) || length(x) != 1L || is.na(x) || !nzchar(x)) {
    found <- if (!secret || identical(x, "")) what_is(x) else paste0(class(x)[1], " of length ", length(x))
    odm_abort(paste0("`", name, "` is one text that is not empty, not ", found), "odm_usage_error")
  }
}

check_seconds <- function(x, name) {
  if (!is.null(x) && (!is.numeric(x) || length(x) != 1L || is.na(x) || x <= 0)) {
    odm_abort(paste0("`", name, "` is a number of seconds over 0, not ", what_is(x)), "odm_usage_error")
  }
}

check_flag <- function(x, name) {
  if (!isTRUE(x) && !isFALSE(x)) {
    odm_abort(paste0("`", name, "` is TRUE or FALSE, not ", what_is(x)), "odm_usage_error")
  }
}

check_count <- function(x, name, null = TRUE, least = 1) {
  if (null && is.null(x)) {
    return(NULL)
  }
  whole <- is.numeric(x) && length(x) == 1L && !is.na(x) && x == trunc(x) && x >= least && x <= 2^53
  if (!whole) {
    odm_abort(paste0("`", name, "` is a whole number from ", least, ", not ", what_is(x)), "odm_usage_error")
  }
  as.numeric(x)
}

# What stands in `...` is never computed: it may be a condition, and its names attributes.
check_no_dots <- function(...) {
  if (!...length()) {
    return(invisible())
  }
  given <- names(match.call(expand.dots = FALSE)$...)
  given <- given[nzchar(given)]
  known <- setdiff(names(formals(sys.function(-1))), "...")
  near <- if (length(given)) agrep(given[1], known, value = TRUE)
  odm_abort(
    if (length(given)) {
      paste0("there is no argument `", given[1], "`")
    } else {
      "arguments after the first ones must be named"
    },
    "odm_usage_error",
    hint = c(
      if (length(near)) paste0("did you mean `", near[1], "`?"),
      if ("filter" %in% known) "one condition is taken, such as Tissue == \"liver\" & Age >= 40"
    )
  )
}

one_of <- function(x, choices, name) {
  if (identical(x, choices)) {
    return(choices[1])
  }
  check_text(x, name)
  place <- match(tolower(x), tolower(choices))
  if (is.na(place)) {
    odm_abort(
      paste0("`", name, "` is one of ", paste0("\"", choices, "\"", collapse = ", "), ", not \"", x, "\""),
      "odm_usage_error"
    )
  }
  choices[place]
}

what_is <- function(x) {
  if (is.null(x)) {
    return("NULL")
  }
  if (is.atomic(x) && length(x) == 1L) {
    return(if (is.character(x) && !is.na(x)) encodeString(x, quote = "\"") else as.character(x))
  }
  paste0(class(x)[1], " of length ", length(x))
}
