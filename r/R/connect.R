#' Open an ODM
#'
#' Which one, in this order: the arguments; the variables `ODM_URL` and
#' `ODM_TOKEN`; the folder in `ODM_SHINY_STORE`; what `odm-shiny login` saved; the
#' embedded ODM in your data folder. The first call starts Python; see
#' [odm_sitrep()].
#'
#' @param url `"https://odm.example.org"`.
#' @param token API token of that ODM. Better in the variable `ODM_TOKEN`, so that
#'   it stands in no script and no history.
#' @param ... Nothing: what follows must be named.
#' @param store Folder of an embedded ODM, made if it is not there.
#' @param objects Folder of its matrices, where they are not beside the database.
#' @param access_token Token of an identity provider instead of an API token.
#' @param role Routes that reads take: `"user"` or `"curator"`. What changes
#'   something is always done as a curator.
#' @param metadata Which attributes records show: `"all"`, `"template"` (those of
#'   the study's template) or `"default"`.
#' @param timeout_s,deadline_s Longest silence of the server, and longest time of
#'   one call, in seconds.
#' @param retries How often a read is repeated after a fault that may pass.
#' @param cache Keep whole matrices on disk: a version of a file never changes.
#' @param extensions Use what only this project's own server has. `FALSE` gives
#'   the same answers, slower.
#' @param verify Path of the company's certificates; `FALSE` checks none.
#' @param proxy `"http://host:port"`.
#' @param allow_insecure Send the token over `http://` to another machine.
#' @return An `odm_connection`: `$where`, `$url` (`NULL` for an embedded ODM),
#'   `$role` and `$metadata`. It closes itself when it is no longer used, or with
#'   `odm_close()`.
#' @examplesIf odm_available()
#' con <- odm_connect(store = tempfile())
#' con
#' odm_close(con)
#' @export
odm_connect <- function(url = NULL, token = NULL, ..., store = NULL, objects = NULL,
                        access_token = NULL, role = c("user", "curator"),
                        metadata = c("all", "template", "default"), timeout_s = 60,
                        deadline_s = 300, retries = 2, cache = TRUE, extensions = TRUE,
                        verify = TRUE, proxy = NULL, allow_insecure = FALSE) {
  check_no_dots(...)
  check_text(url, "url", null = TRUE)
  check_text(token, "token", null = TRUE, secret = TRUE)
  check_text(access_token, "access_token", null = TRUE, secret = TRUE)
  for (name in c("store", "objects", "proxy")) check_text(get(name), name, null = TRUE)
  role <- one_of(role, c("user", "curator"), "role")
  metadata <- one_of(metadata, c("all", "template", "default"), "metadata")
  for (name in c("timeout_s", "deadline_s")) check_seconds(get(name), name)
  check_count(retries, "retries", least = 0)
  for (name in c("cache", "extensions", "allow_insecure")) check_flag(get(name), name)
  if (!is.character(verify) && !is.null(verify)) {
    check_flag(verify, "verify")
  }
  found <- odm_call("connect",
    url = url, token = token, store = if (!is.null(store)) path.expand(store), objects = objects,
    access_token = access_token, role = role, metadata = metadata,
    timeout_s = timeout_s, deadline_s = deadline_s, retries = retries, cache = cache,
    extensions = extensions, verify = verify, proxy = proxy, allow_insecure = allow_insecure,
    environment = environment_now()
  )
  new_connection(found)
}

#' Open the embedded ODM with the demo studies
#'
#' Three real studies, imported the first time, in a few seconds: acute
#' lymphoblastic leukemia (128 patients, two versions of its data), acute
#' lymphoblastic and myeloid leukemia, and lung of the GTEx project.
#'
#' @param folder Where the ODM is kept. Not said, `ODM_SHINY_DEMO` or else a folder
#'   that is removed when R ends.
#' @return An `odm_connection`.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' summary(con)
#' @export
odm_demo <- function(folder = Sys.getenv("ODM_SHINY_DEMO", file.path(tempdir(), "odm-shiny-demo"))) {
  check_text(folder, "folder")
  new_connection(odm_call("demo", folder = path.expand(folder)))
}

#' @rdname odm_connect
#' @param con A connection.
#' @export
odm_close <- function(con) {
  if (!inherits(con, "odm_connection")) {
    odm_abort(paste0("`con` is a connection, not ", what_is(con)), "odm_usage_error")
  }
  if (!is_closed(con)) {
    odm_call("close", con$handle)
    con$state$closed <- TRUE
    note_released(con$handle$number)
  }
  invisible(con)
}

# Python copies the variables when it starts, and Sys.setenv() may come after that.
environment_now <- function() {
  variables <- as.list(Sys.getenv())
  variables[grepl("^ODM_|^XDG_|^SSL_CERT_|_proxy$", names(variables), ignore.case = TRUE)]
}

new_connection <- function(found) {
  state <- new.env(parent = emptyenv())
  state$closed <- FALSE
  the$session <- found$handle$session
  state$number <- found$handle$number
  state$pid <- Sys.getpid()
  reg.finalizer(state, function(state) {
    if (!state$closed && state$pid == Sys.getpid()) note_released(state$number)
  })
  structure(c(found, list(state = state)), class = "odm_connection")
}

check_connection <- function(con) {
  if (!inherits(con, "odm_connection")) {
    odm_abort(
      paste0("a connection is needed, not ", what_is(con)), "odm_usage_error",
      hint = "odm_connect() opens an ODM, and odm_demo() the one that is inside"
    )
  }
  if (is_closed(con)) {
    odm_abort(
      if (con$state$closed) "this connection was closed" else "this connection is of an R session that has ended",
      "odm_closed_error",
      hint = "odm_connect() opens it again, and odm_code() says a query that was made with it"
    )
  }
  con
}

# By odm_close(), or by the end of the R that a saved connection comes from.
is_closed <- function(con) con$state$closed || !identical(con$handle$session, the$session)

#' @export
format.odm_connection <- function(x, ...) {
  paste0("<odm_connection> ", x$where, if (is.null(x$url)) " (embedded)", if (is_closed(x)) ", closed")
}

#' @export
print.odm_connection <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  cat("# role ", x$role, ", metadata ", x$metadata, "\n", sep = "")
  invisible(x)
}

#' @importFrom utils str
#' @export
str.odm_connection <- function(object, ...) cat(" ", format(object), "\n", sep = "")

#' @export
summary.odm_connection <- function(object, ...) {
  check_connection(object)
  counts <- unlist(odm_call("about", object$handle))
  structure(list(where = format(object), counts = counts), class = "summary.odm_connection")
}

#' @export
print.summary.odm_connection <- function(x, ...) {
  cat(x$where, "\n", sep = "")
  cat(paste0("# ", count_text(x$counts), " ", names(x$counts)), sep = "\n")
  invisible(x)
}
