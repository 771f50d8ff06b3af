with_variables <- function(..., code) {
  new <- list(...)
  old <- Sys.getenv(names(new), NA, names = TRUE)
  do.call(Sys.setenv, new)
  on.exit(for (name in names(old)) {
    if (is.na(old[[name]])) Sys.unsetenv(name) else do.call(Sys.setenv, as.list(old[name]))
  })
  force(code)
}

fake_python <- function(...) {
  path <- tempfile("python")
  writeLines(c("#!/bin/sh", paste("echo", shQuote(c(...)))), path)
  Sys.chmod(path, "755")
  path
}

test_that("a variable that names no file is an error that names the cure", {
  error <- tryCatch(
    with_variables(ODM_SHINY_PYTHON = "/not/there", code = find_python()),
    error = identity
  )
  expect_s3_class(error, "odm_python_error")
  expect_match(conditionMessage(error), "Sys.setenv(ODM_SHINY_PYTHON", fixed = TRUE)
})

test_that("a Python without odm-shiny is told apart, with the line that installs it", {
  python <- fake_python("version 3.11.2", "odm_shiny no", "rpy2 no")
  error <- tryCatch(examine_python(python), error = identity)
  expect_s3_class(error, "odm_python_error")
  expect_match(conditionMessage(error), paste(python, "-m pip install \"odm-shiny[server,r]\""), fixed = TRUE)
})

test_that("an rpy2 that does not fit R is told before it is loaded", {
  skip_if(getRversion() >= "4.5")
  python <- fake_python("version 3.11.2", "odm_shiny yes", "rpy2 3.6.7")
  expect_error(examine_python(python), "rpy2-rinterface<3.6.6", fixed = TRUE, class = "odm_python_error")
})

test_that("a Python that is too old, or does not run, is refused", {
  old <- fake_python("version 3.9.1", "odm_shiny yes", "rpy2 3.6.5")
  expect_error(examine_python(old), "3.9.1", class = "odm_python_error")
  broken <- fake_python("sh: broken")
  expect_error(examine_python(broken), "does not run: sh: broken", class = "odm_python_error")
})

test_that("a variable wins over what is found", {
  python <- fake_python("version 3.11.2", "odm_shiny yes", "rpy2 3.6.5")
  expect_equal(with_variables(ODM_SHINY_PYTHON = python, code = find_python()), python)
})

test_that("loading the package starts nothing", {
  installed <- any(file.exists(file.path(.libPaths(), "odmshiny", "DESCRIPTION")))
  skip_if_not(installed, "an installed odmshiny")
  code <- "library(odmshiny); f <- odm_filter(Age > 3); cat('reticulate' %in% loadedNamespaces())"
  said <- system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE, stderr = FALSE)
  expect_equal(said, "FALSE")
})

test_that("a call in a fork is an error, and the session goes on", {
  con <- demo()
  pid <- the$pid
  on.exit(the$pid <- pid)
  the$pid <- -1L
  expect_error(odm_samples(con), class = "odm_fork_error")
  the$pid <- pid
  expect_s3_class(odm_samples(con), "odm_query")
})
