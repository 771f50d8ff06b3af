said <- function(query) sub("<odm_query> ", "", format(query), fixed = TRUE)

test_that("conditions are joined, replaced and taken back", {
  query <- odm_query(demo()) |> odm_where(sample = Age < 20)
  expect_equal(said(odm_where(query, sample = Sex == "M")), "samples: sample Age<20 AND Sex=M")
  expect_equal(said(odm_where(query, sample = Sex == "M", replace = TRUE)), "samples: sample Sex=M")
  expect_equal(said(odm_where(query, sample = NULL, replace = TRUE)), "samples")
  expect_equal(said(odm_without(query, "sample_filter")), "samples")
  expect_equal(said(odm_where(query)), said(query))
})

test_that("each kind of record has its own conditions", {
  limit <- 3
  query <- odm_query(demo()) |>
    odm_where(study = A == "a", sample = Age > limit, library = C == "c", preparation = ~ D == "d", expression = "E=e")
  expect_equal(said(query), "samples: study A=a; sample Age>3; library C=c; preparation D=d; data file E=e")
})

test_that("words are conditions of their own", {
  query <- odm_query(demo()) |> odm_text(study = "leukemia", sample = "\"B cell\"")
  expect_match(said(query), "study text leukemia")
  expect_match(said(odm_text(query, study = NULL, replace = TRUE)), "^samples: sample text")
})

test_that("genes and values replace those asked before", {
  query <- odm_query(demo()) |> odm_genes("A") |> odm_at_least(3)
  expect_equal(said(odm_genes(query, c("B", "C"), "B")), "samples: data feature=B,C AND value>=3")
  expect_equal(said(odm_at_least(query, 2.5)), "samples: data feature=A AND value>=2.5")
  expect_equal(said(odm_data(query, value < 9)), "samples: data feature=A AND value>=3 AND value<9")
  expect_equal(said(odm_data(query, feature("gene") == "B", replace = TRUE)), "samples: data feature.gene=B")
})

test_that("how it is answered is part of the question", {
  query <- odm_query(demo()) |>
    odm_metadata("template") |>
    odm_specific_terms() |>
    odm_terms() |>
    odm_sorted_by("name", descending = TRUE) |>
    odm_limited_to(5)
  expect_snapshot(cat(odm_code(query)))
  expect_equal(said(odm_limited_to(odm_limited_to(odm_query(demo()), 5), NULL)), "samples")
})

test_that("a mistake is told by the verb that makes it", {
  query <- odm_query(demo())
  expect_error(odm_where(query, sampel = Age > 3), "did you mean sample", class = "odm_usage_error")
  expect_error(odm_where(query, Age > 3), "has the name of what it is about", class = "odm_usage_error")
  expect_error(odm_where(query, sample = "Age >"), class = "odm_query_syntax")
  expect_error(odm_where(query, sample = Age > "old"), class = "odm_query_error")
  expect_error(odm_genes(query), class = "odm_usage_error")
  expect_error(odm_at_least(query, "high"), class = "odm_query_error")
  expect_error(odm_sorted_by(query, "size"), class = "odm_query_error")
  expect_error(odm_without(query, "filter"), class = "odm_query_error")
  expect_error(odm_limited_to(query, 0), class = "odm_usage_error")
})
