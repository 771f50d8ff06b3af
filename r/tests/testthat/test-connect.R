test_that("a connection says where it leads", {
  con <- own_odm()
  expect_s3_class(con, "odm_connection")
  expect_null(con$url)
  expect_output(print(con), "(embedded)", fixed = TRUE)
  expect_equal(unname(summary(con)$counts), c(0, 0, 0, 0))
})

test_that("a closed connection is an error, and closing twice is none", {
  con <- own_odm()
  odm_close(con)
  expect_error(odm_samples(con), class = "odm_closed_error")
  expect_silent(odm_close(con))
  expect_output(print(con), "closed")
})

test_that("the level of metadata is the connection's", {
  con <- demo()
  con$metadata <- "default"
  expect_match(as.character(odm_code(odm_samples(con))), "odm_metadata(\"default\")", fixed = TRUE)
})

test_that("an address that makes no sense is an error of Python's in R's classes", {
  skip_without_python()
  expect_error(odm_connect("https://"), class = "odm_query_error")
  expect_error(odm_connect("http://192.0.2.1", "secret"), class = "odm_error")
  expect_error(odm_connect(role = "owner"), class = "odm_usage_error")
})

test_that("what R has let go is let go in Python", {
  skip_without_python()
  local(odm_connect(store = tempfile()))
  invisible(gc())
  expect_gte(length(the$released), 1L)
  odm_samples(demo())
  expect_length(the$released, 0L)
})
