# The embedded ODM with the demo studies: made once, and for reading only.
demo <- function() {
  skip_without_python()
  if (is.null(kept$demo)) {
    kept$demo <- odm_demo()
  }
  kept$demo
}

# An ODM to change.
own_odm <- function(env = parent.frame()) {
  skip_without_python()
  con <- odm_connect(store = tempfile("odm-"))
  do.call("on.exit", list(bquote(odm_close(.(con))), add = TRUE), envir = env)
  con
}

kept <- new.env()

# The project's own tests name a Python; without one only that is tested which needs none.
skip_without_python <- function() {
  if (!nzchar(Sys.getenv("ODM_SHINY_PYTHON")) && is.null(getOption("odmshiny.mailbox"))) {
    skip_if_not(odm_available(), "Python with odm-shiny")
  }
}

leukemia <- function() odm_query(demo()) |> odm_where(study = `Study Source ID` == "ALL")
