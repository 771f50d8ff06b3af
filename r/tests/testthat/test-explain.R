test_that("a funnel counts what each condition leaves", {
  query <- leukemia() |> odm_where(sample = Age < 20) |> odm_genes("CD19") |> odm_at_least(8)
  funnel <- odm_explain(query)
  expect_equal(funnel$count, c(1, 128, 32, 32, 24))
  expect_snapshot(print(funnel))
})

test_that("facets count values, missing ones last", {
  counts <- odm_facets(leukemia(), "Cell Type")
  expect_equal(counts$value, c("B cell", "T cell"))
  expect_equal(counts$count, c(95, 33))
  ages <- odm_facets(leukemia(), "Age", limit = 3)
  expect_true(is.na(ages$value[nrow(ages)]))
})

test_that("what is taken out of a funnel is a data frame", {
  funnel <- odm_explain(leukemia())
  expect_output(print(funnel[1:2, ]), "1 study matches", fixed = TRUE)
  expect_output(print(funnel[, c("step", "count")]), "samplesInStudies +128")
  expect_output(print(funnel[0, ]), "step")
})

test_that("an attribute that nothing has is counted as text that is missing", {
  expect_identical(odm_facets(leukemia(), "Sexx")$value, NA_character_)
})

test_that("counts are written out, whatever the options of numbers are", {
  before <- options(OutDec = ",", scipen = -9)
  on.exit(options(before))
  expect_silent(text <- count_text(c(100000, 7)))
  expect_equal(text, c("100,000", "7"))
  expect_output(print(structure(list(where = "w", counts = c(samples = 100000L)), class = "summary.odm_connection")), "100,000")
  expect_silent(format(odm_explain(leukemia())))
})
