# What Python tells while it works: `kind` is "progress", "message" or "warning".
#
# It is told from inside a call, where handlers of the user's R code are not seen:
# suppressMessages() would not hold. A terminal therefore shows a line that
# replaces itself, and everywhere else the messages come when the call is done.
notify <- function(kind, text) {
  if (kind == "progress" && shows_progress()) {
    show_progress(text)
  } else {
    the$told <- c(the$told, list(list(kind = kind, text = text)))
  }
  invisible(TRUE)
}

tell_told <- function() {
  end_progress()
  told <- the$told
  the$told <- NULL
  for (one in told) {
    if (one$kind == "warning") warning(one$text, call. = FALSE) else message(one$text)
  }
}

shows_progress <- function() {
  isTRUE(getOption("odmshiny.progress", interactive() && isatty(stderr())))
}

show_progress <- function(text) {
  width <- max(getOption("width") - 1L, 20L)
  line <- substr(text, 1L, width)
  cat("\r", formatC(line, width = -width), file = stderr(), sep = "")
  the$in_progress <- TRUE
}

end_progress <- function() {
  if (isTRUE(the$in_progress)) {
    cat("\r", strrep(" ", max(getOption("width") - 1L, 20L)), "\r", file = stderr(), sep = "")
    the$in_progress <- FALSE
  }
}
