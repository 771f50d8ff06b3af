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

test_that("arguments of the wrong kind are told before Python is asked", {
  wrong <- function(...) expect_error(odm_connect(...), class = "odm_usage_error")
  wrong(3)
  wrong(store = 3)
  wrong(store = "s", timeout_s = "a")
  wrong(store = "s", deadline_s = -1)
  wrong(store = "s", retries = 0.5)
  wrong(store = "s", cache = NA)
  wrong(store = "s", verify = 1)
})

test_that("variables that are set when Python runs already are seen", {
  demo()
  before <- Sys.getenv(c("ODM_URL", "ODM_TOKEN", "ODM_SHINY_STORE"), NA, names = TRUE)
  on.exit({
    Sys.unsetenv(names(before))
    for (name in names(before)[!is.na(before)]) do.call(Sys.setenv, as.list(before[name]))
  })
  Sys.setenv(ODM_URL = "https://odm.example.org", ODM_TOKEN = "token")
  expect_equal(odm_connect()$url, "https://odm.example.org")
  Sys.unsetenv(c("ODM_URL", "ODM_TOKEN"))
  folder <- tempfile("odm-")
  Sys.setenv(ODM_SHINY_STORE = folder)
  con <- odm_connect()
  expect_null(con$url)
  expect_equal(con$where, folder)
  odm_close(con)
})

test_that("str takes a line", {
  expect_output(str(demo()), "^ <odm_connection> .*\\(embedded\\)$")
})

test_that("a connection of another session is closed, and says so", {
  other <- demo()
  other$handle$session <- "0123456789abcdef"
  expect_output(print(other), "closed")
  expect_error(odm_samples(other), "session that has ended", class = "odm_closed_error")
  expect_error(odm_collect(odm_samples(other)), class = "odm_closed_error")
  expect_silent(odm_close(other))
  expect_s3_class(odm_samples(demo()), "odm_query")
})
