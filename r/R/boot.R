# Python is started by the first call that needs it, or is there already: an R
# that Python started has the mailbox in its options, and reticulate stays out.

MAILBOX <- "odmshiny.mailbox"

running_mailbox <- function() {
  if (is.null(the$mailbox)) {
    the$mailbox <- hosted_mailbox()
    if (is.null(the$mailbox)) {
      the$mailbox <- start_python()
    }
    the$pid <- Sys.getpid()
    the$mailbox$.notify <- notify
  }
  the$mailbox
}

hosted_mailbox <- function() {
  found <- getOption(MAILBOX)
  if (is.environment(found) && is.function(found$.call)) found
}

start_python <- function() {
  need_package("reticulate", "starting Python in R")
  python <- find_python()
  if (reticulate::py_available()) {
    refuse_other_python(python)
  } else {
    examine_python(python)
    reticulate::use_python(python, required = TRUE)
    # It warns of a missing Poetry wherever a folder above has a pyproject.toml.
    suppressWarnings(reticulate::py_config())
  }
  mailbox <- new.env(parent = emptyenv())
  previous <- options(structure(list(mailbox), names = MAILBOX))
  on.exit(options(previous))
  done <- tryCatch(
    {
      reticulate::py_run_string(
        "from odm_shiny.rbridge import attach as _odm_shiny_attach\n_odm_shiny_attach.into_option('odmshiny.mailbox')",
        local = TRUE, convert = FALSE
      )
      is.function(mailbox$.call)
    },
    error = function(error) conditionMessage(error)
  )
  if (!isTRUE(done)) {
    odm_abort(
      paste0(python, " cannot be joined with this R", if (is.character(done)) paste0(": ", done)),
      "odm_python_error",
      hint = "odm_sitrep() says what is there and what is missing",
      python = python
    )
  }
  # From here on reticulate is out of the way. What it made to get here is let go now: a
  # finalizer of its own in the middle of a call would run without Python's lock, and end
  # the process.
  for (time in 1:2) gc(full = TRUE)
  mailbox
}

# ---- which Python ------------------------------------------------------------

# The Python of a variable is taken as it is; of the others the first that has
# odm-shiny.
find_python <- function() {
  for (variable in c("ODM_SHINY_PYTHON", "RETICULATE_PYTHON")) {
    named <- Sys.getenv(variable)
    if (nzchar(named)) {
      if (!file.exists(named)) {
        odm_abort(
          paste0(variable, " names ", named, ", and there is no such file"), "odm_python_error",
          hint = paste0("Sys.setenv(", variable, " = \"/path/to/.venv/bin/python\")"), python = named
        )
      }
      return(named)
    }
  }
  candidates <- python_candidates()
  for (python in candidates) {
    if (has_odm_shiny(python)) {
      return(python)
    }
  }
  odm_abort(
    "no Python with odm-shiny was found",
    "odm_python_error",
    hint = c(
      "python3 -m venv ~/.virtualenvs/odm-shiny",
      paste("~/.virtualenvs/odm-shiny/bin/pip install", PIP_WANTED),
      "or name one: Sys.setenv(ODM_SHINY_PYTHON = \"/path/to/.venv/bin/python\")"
    ),
    looked_at = candidates
  )
}

PIP_WANTED <- "\"odm-shiny[server,r]\""

python_candidates <- function() {
  home <- Sys.getenv("WORKON_HOME", "~/.virtualenvs")
  environments <- c(file.path(home, "odm-shiny"), Sys.getenv("VIRTUAL_ENV"), Sys.getenv("CONDA_PREFIX"))
  folder <- normalizePath(getwd())
  while (dirname(folder) != folder) {
    environments <- c(environments, file.path(folder, ".venv"))
    folder <- dirname(folder)
  }
  environments <- environments[nzchar(environments)]
  found <- c(file.path(environments, "bin", "python"), Sys.which(c("python3", "python")))
  unique(path.expand(found[nzchar(found) & file.exists(found)]))
}

has_odm_shiny <- function(python) identical(examined(python)$odm_shiny, "yes")

refuse_other_python <- function(python) {
  running <- reticulate::py_config()$python
  if (normalizePath(dirname(running)) != normalizePath(dirname(python)) && !has_odm_shiny(running)) {
    odm_abort(
      paste0("this R already runs ", running, ", which has no odm-shiny"), "odm_python_error",
      hint = c(
        paste(running, "-m pip install", PIP_WANTED),
        "or restart R and call a function of odmshiny before the others start Python"
      ),
      python = running
    )
  }
}

# Look at a Python from outside: what is wrong is said before it is loaded, so
# that the session goes on and can use another one.
examine_python <- function(python) {
  found <- examined(python)
  complain <- function(message, hint) odm_abort(message, "odm_python_error", hint, python = python)
  install <- function(what) paste(python, "-m pip install", what)
  another <- "Sys.setenv(ODM_SHINY_PYTHON = ...) names another one"
  if (is.null(found$version)) {
    complain(paste0(python, " does not run: ", paste(found$said, collapse = " ")), another)
  }
  if (package_version(found$version) < "3.11") {
    complain(paste0(python, " is Python ", found$version, ", and odm-shiny needs 3.11"), another)
  }
  if (found$odm_shiny != "yes") {
    complain(paste0(python, " has no odm-shiny"), install(PIP_WANTED))
  }
  if (found$rpy2 == "no") {
    complain(paste0(python, " has odm-shiny without its bridge to R"), install(rpy2_wanted()))
  }
  if (getRversion() < "4.5" && package_version(found$rpy2) >= "3.6.6") {
    complain(
      paste0("rpy2-rinterface ", found$rpy2, " needs R 4.5, and this is R ", getRversion()),
      install(rpy2_wanted())
    )
  }
  invisible(found)
}

rpy2_wanted <- function() if (getRversion() < "4.5") "\"rpy2-rinterface<3.6.6\"" else "rpy2-rinterface"

# What a Python has: `version`, `odm_shiny` ("yes", "no") and `rpy2` (its version,
# or "no"); without them, `said` is what it said instead.
examined <- function(python) {
  if (!is.null(the$examined[[python]])) {
    return(the$examined[[python]])
  }
  code <- paste(
    "import sys, importlib.util as u, importlib.metadata as m",
    "print('version', '.'.join(map(str, sys.version_info[:3])))",
    "found = u.find_spec('odm_shiny') and u.find_spec('odm_shiny.rbridge')",
    "print('odm_shiny', 'yes' if found else 'no')",
    "print('rpy2', next((d.version for d in m.distributions(name='rpy2-rinterface')), 'no'))",
    sep = "\n"
  )
  said <- suppressWarnings(tryCatch(
    system2(python, c("-c", shQuote(code)), stdout = TRUE, stderr = TRUE),
    error = conditionMessage
  ))
  words <- regmatches(said, regexec("^(version|odm_shiny|rpy2) (.+)$", said))
  words <- words[lengths(words) == 3L]
  found <- structure(lapply(words, `[`, 3L), names = vapply(words, `[`, "", 2L))
  if (length(found) != 3L) {
    return(list(said = utils::tail(said, 1L)))
  }
  the$examined[[python]] <- found
  found
}

#' Which Python is used, and what it has
#'
#' `odm_available()` says whether this package can work here; neither of the two
#' starts Python. The Python is that of the variable `ODM_SHINY_PYTHON` or
#' `RETICULATE_PYTHON`; else the first one that has odm-shiny, of the virtual
#' environment `~/.virtualenvs/odm-shiny`, the active environment, a `.venv` in
#' this folder or above it, and the `PATH`. An R script that
#' `odm-shiny r script.R` runs uses the Python that runs it.
#'
#' @return `odm_available()`: `TRUE` or `FALSE`. `odm_sitrep()`: invisibly a list
#'   with `python`, `host` (`"r"`, `"python"` or `"none"`), `running` and
#'   `problem`, which it prints.
#' @examples
#' odm_available()
#' odm_sitrep()
#' @export
odm_sitrep <- function() {
  hosted <- !is.null(hosted_mailbox())
  found <- list(host = if (hosted) "python" else "r", running = !is.null(the$mailbox), problem = NULL)
  if (hosted) {
    cat("odmshiny runs in the Python that started this R\n")
    return(invisible(found))
  }
  found <- tryCatch(
    {
      need_package("reticulate", "starting Python in R")
      found$python <- find_python()
      examine_python(found$python)
      found
    },
    odm_error = function(error) {
      c(list(host = "none", running = FALSE, python = error$python), problem = conditionMessage(error))
    }
  )
  if (is.null(found$problem)) {
    seen <- examined(found$python)
    cat("Python ", seen$version, ": ", found$python, "\n", sep = "")
    cat("rpy2-rinterface ", seen$rpy2, ", R ", as.character(getRversion()), "\n", sep = "")
    cat(if (found$running) "running\n" else "not started yet; the first call does\n")
  } else {
    cat(found$problem, "\n", sep = "")
  }
  invisible(found)
}

#' @rdname odm_sitrep
#' @export
odm_available <- function() {
  if (!is.null(the$mailbox) || !is.null(hosted_mailbox())) {
    return(TRUE)
  }
  tryCatch(
    {
      need_package("reticulate", "starting Python in R")
      examine_python(find_python())
      TRUE
    },
    odm_error = function(error) FALSE
  )
}
