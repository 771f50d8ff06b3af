# One call into Python. The mailbox is an environment that both sides know: the
# name of a function and its arguments go in, its value or a condition comes out.

odm_call <- function(name, ...) {
  mailbox <- running_mailbox()
  refuse_fork()
  released <- take_released()
  if (length(released)) {
    ask(mailbox, "release", list(numbers = released))
  }
  ask(mailbox, name, by_name(name, list(...)))
}

ask <- function(mailbox, name, arguments) {
  mailbox$.name <- name
  mailbox$.args <- arguments
  on.exit({
    mailbox$.args <- NULL
    mailbox$.value <- NULL
  })
  done <- mailbox$.call()
  value <- mailbox$.value
  tell_told()
  if (!isTRUE(done)) {
    signal_from_python(value)
  }
  for (text in mailbox$.warnings) warning(text, call. = FALSE)
  value
}

# A first argument without a name is the handle of a connection; what is NULL was
# not said, and Python's default holds.
by_name <- function(name, arguments) {
  if (length(arguments) && (is.null(names(arguments)) || !nzchar(names(arguments)[1]))) {
    names(arguments)[1] <- "connection"
  }
  said(arguments)
}

signal_from_python <- function(value) {
  if ("interrupt" %in% value$class) {
    # R has noted the interrupt as well and raises it when it next waits.
    Sys.sleep(0.01)
    signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
    invokeRestart("abort")
  }
  parts <- value[setdiff(names(value), c("class", "message", "hint"))]
  found <- odm_condition(
    in_words_of_r(value$message), value$class, in_words_of_r(value$hint),
    call = user_call()
  )
  stop(structure(utils::modifyList(found, parts), class = class(found)))
}

# Advice of the Python API in the words of this package: `.genes('TP53')` is
# `odm_genes('TP53')`.
in_words_of_r <- function(text) {
  text <- gsub(PYTHON_VERB, "\\1odm_\\2(", text)
  text <- gsub("\\.is_null\\(\\)", "is.na()", text)
  gsub("=True\\b", " = TRUE", gsub("=False\\b", " = FALSE", text))
}

PYTHON_VERB <- paste0(
  "(^|[ (])\\.(studies|samples|libraries|preparations|expression_groups|expression|matrix|where|text|",
  "genes|at_least|data|versions|without|metadata|sorted_by|limited_to)\\("
)

# ---- the process that started Python -----------------------------------------

the <- new.env(parent = emptyenv())
the$released <- numeric()

refuse_fork <- function() {
  if (!identical(the$pid, Sys.getpid())) {
    odm_abort(
      "this is a fork of the process that started Python, which does not work in it",
      "odm_fork_error",
      hint = "fetch the data before parallel::mclapply(), or use parallel::makeCluster() and connect in each worker"
    )
  }
}

# A finalizer must not call Python: it may run in the middle of a call.
note_released <- function(number) the$released <- c(the$released, number)

take_released <- function() {
  found <- the$released
  the$released <- numeric()
  found
}
