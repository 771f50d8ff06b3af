test_that("the chain of a file is listed, newest first", {
  file <- odm_expression_groups(demo(), study = `Study Source ID` == "ALL")$itemId
  chain <- odm_versions(demo(), file)
  expect_equal(chain$version, c(2L, 1L))
  expect_equal(chain$active, c(TRUE, FALSE))
  expect_equal(chain$accession[1], file)
})

test_that("the versions of a record have times", {
  sample <- odm_samples(demo(), limit = 1)$`genestack:accession`
  found <- odm_versions(demo(), sample)
  expect_s3_class(found$time, "POSIXct")
  expect_named(found, c("version", "time", "author", "message"))
})

test_that("a query reads the versions that it names", {
  cd19 <- odm_expression(leukemia(), feature("gene") == "CD19")
  expect_equal(nrow(odm_collect(cd19)), 128L)
  expect_equal(nrow(odm_collect(odm_versions(cd19, "v1"))), 256L)
  expect_equal(format(odm_versions(odm_versions(cd19, c("v1", "v0")), NULL)), format(cd19))
  expect_error(odm_versions(cd19, "first"), class = "odm_query_error")
})

test_that("an unknown accession and other objects are refused", {
  expect_error(odm_versions(demo(), "GSF999999"), class = "odm_not_found")
  expect_error(odm_versions(3), class = "odm_usage_error")
})
