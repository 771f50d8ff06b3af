test_that("what is not there yet says so, with a class", {
  for (find in list(odm_variants, odm_flow, odm_cells)) {
    expect_error(find(NULL), "not built yet", class = "odm_not_built")
  }
})
