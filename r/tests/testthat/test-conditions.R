test_that("an error has its classes, a hint and the call that the user wrote", {
  error <- tryCatch(odm_filter(NULL), error = identity)
  expect_s3_class(error, c("odm_query_error", "odm_error", "error", "condition"), exact = TRUE)
  expect_match(conditionMessage(error), "* odm_filter(Tissue == \"liver\")", fixed = TRUE)
  expect_equal(error$call, quote(odm_filter(NULL)))
})

test_that("a package that is missing is named with the line that installs it", {
  error <- tryCatch(need_package("notthere", "this"), error = identity)
  expect_s3_class(error, "odm_missing_dependency")
  expect_match(conditionMessage(error), "install.packages(\"notthere\")", fixed = TRUE)
  expect_equal(install_line("SummarizedExperiment"), "BiocManager::install(\"SummarizedExperiment\")")
})

test_that("arguments are checked before Python is asked", {
  expect_error(check_text(NA_character_, "x"), class = "odm_usage_error")
  expect_error(check_flag(NA, "x"), class = "odm_usage_error")
  expect_error(check_count(1.5, "x"), class = "odm_usage_error")
  expect_error(check_count(0, "x"), "whole number from 1, not 0")
  expect_error(one_of("tempalte", c("all", "template"), "level"), "one of \"all\", \"template\"")
  expect_error(check_no_dots(limt = 3), "no argument `limt`")
})

test_that("advice of Python is given in the words of R", {
  expect_equal(
    in_words_of_r("add .genes('TP53') or .data('value>=4')"),
    "add odm_genes('TP53') or odm_data('value>=4')"
  )
  expect_equal(in_words_of_r("GET /a.data(b)"), "GET /a.data(b)")
})

test_that("a condition of Python keeps its status, and its class is that of an error", {
  given <- list(
    class = c("odm_query_error", "odm_error"), message = "m", hint = "", status = NULL, request_id = NULL,
    python = "Traceback"
  )
  error <- tryCatch(signal_from_python(given), error = identity)
  expect_s3_class(error, c("odm_query_error", "odm_error", "error", "condition"), exact = TRUE)
  expect_equal(error$python, "Traceback")
})

test_that("a token stands in no error", {
  fails <- list(
    quote(odm_connect("https://odm.example.org", "s3cret", role = "owner")),
    quote(odmshiny::odm_connect(access_token = "s3cret", role = "owner"))
  )
  for (call in fails) {
    said <- without_token(call)
    expect_false(grepl("s3cret", paste(deparse(said), collapse = "")))
    expect_true(grepl("owner", paste(deparse(said), collapse = "")))
  }
  error <- tryCatch(odm_connect("x", "s3cret", role = "owner"), error = identity)
  expect_equal(error$call, quote(odm_connect(url = "x", token = ..., role = "owner")))
})

test_that("arguments that are not taken are told before they are computed", {
  expect_error(odm_samples(odm_query(), Age < 3, Sex == "male"), "Tissue == \"liver\" & Age", class = "odm_usage_error")
  expect_error(odm_samples(odm_query(), sample = Age < 3), "no argument `sample`", class = "odm_usage_error")
  expect_error(odm_samples(odm_query(), limt = 3), "did you mean `limit`", class = "odm_usage_error")
  expect_error(odm_expression(odm_query(), gene = "CD19"), "did you mean `genes`", class = "odm_usage_error")
})

test_that("an error names the argument that was given", {
  expect_error(odm_samples(odm_query(), limit = 0), "`limit` is", class = "odm_usage_error")
  expect_error(odm_samples(odm_query(), metadata = "some"), "`metadata` is", class = "odm_usage_error")
})

test_that("a choice is taken in capitals and in small letters", {
  expect_equal(one_of("python", c("R", "Python"), "language"), "Python")
  expect_error(one_of("pyton", c("R", "Python"), "language"), class = "odm_usage_error")
})

test_that("TRUE is written as in R", {
  expect_equal(in_words_of_r("or allow_insecure=True if"), "or allow_insecure = TRUE if")
})

test_that("a token of the wrong kind is not shown", {
  error <- tryCatch(odm_connect("https://odm.example.org", 12345), error = identity)
  expect_s3_class(error, "odm_usage_error")
  expect_false(grepl("12345", conditionMessage(error)))
})

test_that("an error is told through a function that passes its arguments on", {
  mine <- function(...) odm_connect(...)
  error <- tryCatch(mine("x", "s3cret", role = "owner"), error = identity)
  expect_s3_class(error, "odm_usage_error")
  expect_false(grepl("s3cret", paste(deparse(error$call), collapse = "")))
  nested <- function(...) mine(...)
  error <- tryCatch(nested("x", "s3cret", role = "owner"), error = identity)
  expect_s3_class(error, "odm_usage_error")
  expect_false(grepl("s3cret", paste(deparse(error$call), collapse = "")))
})
