test_that("a query says what it asks", {
  query <- leukemia() |> odm_where(sample = Age < 20) |> odm_genes("CD19", "CD3D") |> odm_at_least(8)
  expect_equal(
    format(query),
    "<odm_query> samples: study \"Study Source ID\"=ALL; sample Age<20; data feature=CD19,CD3D AND value>=8"
  )
  expect_output(print(query), "odm_explain() counts", fixed = TRUE)
})

test_that("a query without an ODM can be made and printed, not asked", {
  query <- odm_query() |> odm_where(sample = Age < 20) |> odm_expression_groups()
  expect_output(print(query), "expression_groups: where, expression_groups", fixed = TRUE)
  expect_error(odm_collect(query), "belongs to no ODM", class = "odm_usage_error")
})

test_that("a column of the answer is asked for once, and a wrong name has a hint", {
  query <- leukemia() |> odm_where(sample = Age < 10)
  expect_equal(sort(query$Age), sort(odm_collect(query)$Age))
  expect_error(query$Agee, "did you mean `Age`", class = "odm_query_error")
  expect_true("Age" %in% .DollarNames(query, "^A"))
})

test_that("head, as.data.frame, as.matrix and summary are answers", {
  query <- leukemia()
  expect_equal(nrow(head(query, 3)), 3L)
  expect_equal(nrow(as.data.frame(query)), 128L)
  matrix <- as.matrix(odm_genes(query, "CD19"))
  expect_equal(dim(matrix), c(1L, 128L))
  said <- summary(query)
  expect_equal(said$total, 128)
  expect_output(print(said), "128 samples", fixed = TRUE)
})

test_that("what is no query is refused", {
  expect_error(odm_collect(3), class = "odm_usage_error")
  expect_error(odm_query("https://odm.example.org"), class = "odm_usage_error")
})
