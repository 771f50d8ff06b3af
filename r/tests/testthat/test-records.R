test_that("records are found by what they are", {
  con <- demo()
  expect_equal(nrow(odm_collect(odm_studies(con))), 3L)
  young <- odm_samples(con, Age < 20 & `Cell Type` == "B cell", metadata = "template", limit = 4)
  expect_equal(nrow(odm_collect(young)), 4L)
  expect_equal(nrow(odm_collect(odm_libraries(con))), 0L)
  expect_equal(nrow(odm_collect(odm_preparations(con))), 0L)
})

test_that("the arguments are those of the verbs", {
  con <- demo()
  found <- odm_samples(con, query = "leukemia", search_specific_terms = TRUE, sort = "-name", limit = 2)
  expect_match(format(found), "sample text leukemia")
  expect_match(as.character(odm_code(found)), "odm_sorted_by(\"name\", descending = TRUE)", fixed = TRUE)
})

test_that("a query that finds something else keeps its conditions", {
  query <- odm_query(demo()) |> odm_where(sample = Age < 20)
  expect_equal(format(odm_studies(query)), "<odm_query> studies: sample Age<20")
  expect_equal(odm_studies(query)$`Study Source ID`, "ALL")
})

test_that("misspelt arguments are refused", {
  con <- demo()
  expect_error(odm_samples(con, Age < 20, limt = 3), "`limt`", class = "odm_usage_error")
  expect_error(odm_samples(con, metadata = "full"), class = "odm_usage_error")
  expect_error(odm_samples(3), class = "odm_usage_error")
})

test_that("one record is found by its accession, and none is an error with a status", {
  con <- demo()
  first <- odm_collect(odm_samples(con, limit = 1))
  record <- odm_record(con, first$`genestack:accession`)
  expect_equal(record$`Sample Name`, first$`Sample Name`)
  error <- tryCatch(odm_record(con, "GSF999999"), odm_not_found = identity)
  expect_s3_class(error, c("odm_not_found", "odm_http", "odm_error", "error", "condition"), exact = TRUE)
  expect_equal(error$status, 404L)
  expect_equal(error$call, quote(odm_record(con, "GSF999999")))
})
