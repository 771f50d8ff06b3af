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
  expect_output(print(query), "# on no ODM; odm_code() prints it", fixed = TRUE)
  expect_error(odm_collect(query), "belongs to no ODM", class = "odm_usage_error")
})

test_that("a summary counts", {
  said <- summary(leukemia())
  expect_equal(said$total, 128)
  expect_output(print(said), "128 samples", fixed = TRUE)
})

test_that("what is no query is refused", {
  expect_error(odm_collect(3), class = "odm_usage_error")
  expect_error(odm_query("https://odm.example.org"), class = "odm_usage_error")
})
