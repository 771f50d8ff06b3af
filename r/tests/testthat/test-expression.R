test_that("values are found along the whole chain", {
  found <- odm_expression(demo(),
    genes = c("CD19", "CD3D"), at_least = 8, study = `Study Source ID` == "ALL", sample = Age < 20
  )
  frame <- odm_collect(found)
  expect_setequal(frame$gene, c("CD19", "CD3D"))
  expect_true(all(frame$value >= 8))
})

test_that("a condition on data, versions and a limit are taken", {
  found <- odm_expression(demo(), feature("gene") == "CD19", versions = "v1", limit = 10)
  expect_match(format(found), "data feature.gene=CD19; versions v1")
  expect_equal(nrow(odm_collect(found)), 10L)
})

test_that("files are listed, and one is read as a whole", {
  files <- odm_expression_groups(demo(), study = `Study Source ID` == "ALL")
  expect_equal(nrow(odm_collect(files)), 1L)
  whole <- odm_query(demo()) |> odm_matrix(files$itemId) |> odm_collect("matrix")
  expect_equal(dim(whole), c(8728L, 128L))
})

test_that("a question for values without any condition on them is an error in words of R", {
  expect_error(odm_collect(odm_expression(demo())), "odm_genes(", fixed = TRUE, class = "odm_query_error")
})
