test_that("a question is printed in three languages", {
  query <- leukemia() |> odm_where(sample = Age < 20)
  expect_snapshot(odm_code(query))
  expect_snapshot(odm_code(query, "Python"))
  expect_snapshot(odm_code(query, "curl", url = "https://odm.example.org"))
})

test_that("the R code gives the same query", {
  query <- leukemia() |>
    odm_where(sample = `Cell Type` %in% c("B cell", "T cell") & !(Age > 20 | is.na(Age))) |>
    odm_data(grepl("CD", feature("gene"), fixed = TRUE) & value >= 8) |>
    odm_versions("v2")
  lines <- strsplit(odm_code(query), "\n")[[1]]
  lines <- lines[!grepl("^library|^con <-|^result", lines)]
  con <- demo()
  eval(parse(text = lines))
  expect_equal(format(eval(quote(query))), format(query))
})

test_that("curl needs an address, a language is one of three", {
  expect_error(odm_code(leukemia(), "curl"), "url =", class = "odm_query_error")
  expect_error(odm_code(leukemia(), "Julia"), class = "odm_usage_error")
})
