cd <- function() leukemia() |> odm_where(sample = Age < 20) |> odm_genes("CD19", "CD3D")

test_that("a matrix has features in rows and runs in columns", {
  found <- odm_collect(cd(), "matrix")
  expect_equal(dim(found), c(2L, 32L))
  expect_equal(found["CD19", "01010"], 10.0031)
  long <- odm_collect(odm_expression(cd()))
  expect_equal(found[cbind(long$gene, long$runSourceId)], long$value)
})

test_that("a condition on values leaves NA", {
  found <- odm_collect(odm_at_least(cd(), 8), "matrix")
  expect_true(anyNA(found))
  expect_true(all(found >= 8, na.rm = TRUE))
})

test_that("a tibble has the same columns", {
  skip_if_not_installed("tibble")
  found <- odm_collect(cd(), "tibble")
  expect_s3_class(found, "tbl_df")
  expect_equal(as.data.frame(found), odm_collect(cd()))
  expect_equal(tibble::as_tibble(cd()), found)
})

test_that("a SummarizedExperiment knows the samples of its columns", {
  skip_if_not_installed("SummarizedExperiment")
  found <- odm_collect(cd(), "SummarizedExperiment")
  expect_true(methods::validObject(found))
  samples <- odm_collect(cd())
  expect_equal(found$Age, samples$Age[match(found$sample, samples$`genestack:accession`)])
  expect_equal(SummarizedExperiment::assay(found), odm_collect(cd(), "matrix"))
  expect_match(S4Vectors::metadata(found)$query, "find=samples")
  expect_equal(SummarizedExperiment::rowData(found)$gene, rownames(found))
})

test_that("a SingleCellExperiment is one", {
  skip_if_not_installed("SingleCellExperiment")
  found <- odm_collect(cd(), "SingleCellExperiment")
  expect_s4_class(found, "SingleCellExperiment")
  expect_true(methods::validObject(found))
})

test_that("a MultiAssayExperiment has an experiment for each file", {
  skip_if_not_installed("MultiAssayExperiment")
  query <- leukemia() |> odm_data(feature("gene") == "CD19") |> odm_versions("v2,v0")
  found <- odm_collect(query, "MultiAssayExperiment")
  expect_true(methods::validObject(found))
  expect_equal(length(found), 1L)
  expect_equal(nrow(MultiAssayExperiment::colData(found)), 128L)
})

test_that("files of several measurements need one of them", {
  lung <- odm_query(demo()) |> odm_text(study = "GTEx")
  expect_error(odm_collect(lung, "matrix"), "say which one", class = "odm_error")
  expect_equal(ncol(odm_collect(lung, "matrix", measurement = "count")), 30L)
})

test_that("what cannot be asked for is refused", {
  expect_error(odm_collect(cd(), "data.table"), "one of \"data.frame\"", class = "odm_usage_error")
  expect_error(odm_collect(cd(), "matrix", "value"), class = "odm_usage_error")
})

test_that("attributes of several values are one column of colData", {
  skip_if_not_installed("SummarizedExperiment")
  runs <- SummarizedExperiment::colData(odm_collect(odm_genes(leukemia(), "CD19"), "SummarizedExperiment"))
  expect_identical(runs$`Features (string)`, rep(list(c("gene", "probe")), 128))
  expect_false(any(grepl("Features (string).", names(runs), fixed = TRUE)))
})

test_that("a measurement is for matrices", {
  expect_error(odm_collect(cd(), measurement = "count"), "\"matrix\", measurement", class = "odm_usage_error")
})
