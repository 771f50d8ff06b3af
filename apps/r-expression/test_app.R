# A test to start from: the app compares a gene of a demo study. Run it with
# Rscript -e 'testthat::test_file("test_app.R")', with no ODM_URL set.

testthat::test_that("the app shows a gene by groups", {
  store <- tempfile("odm")
  old <- Sys.getenv("ODM_SHINY_STORE", NA)
  Sys.setenv(ODM_SHINY_STORE = store)
  on.exit({
    if (is.na(old)) Sys.unsetenv("ODM_SHINY_STORE") else Sys.setenv(ODM_SHINY_STORE = old)
  })
  con <- odmshiny::odm_demo(store)
  studies <- odmshiny::odm_collect(odmshiny::odm_studies(con))
  golub <- studies$`genestack:accession`[grep("Golub", studies$`Study Title`)]
  odmshiny::odm_close(con)

  shiny::testServer(testthat::test_path("."), {
    session$setInputs(
      study = golub, gene = "CST3", filter = "",
      metadata = "all", attribute = "Tumor Class", language = "R"
    )
    session$setInputs(file = files()$accession[1])
    session$elapse(1000)
    testthat::expect_equal(summary_table()$Group, c("ALL", "AML"))
    testthat::expect_equal(summary_table()$n, c(27, 11))
    testthat::expect_equal(output$test, "Mann-Whitney U: p = 2.6e-06 (n = 38 in 2 groups)")
    testthat::expect_match(output$code, "odm_data(feature(\"gene\") == \"CST3\")", fixed = TRUE)

    session$setInputs(filter = "Tumor Class = AML")
    session$elapse(1000)
    testthat::expect_s3_class(parsed(), "odm_query_error")
    testthat::expect_equal(nrow(samples()), 38)

    session$setInputs(filter = "\"Tumor Class\" = AML")
    session$elapse(1000)
    testthat::expect_equal(output$n_samples, "11 of 38 samples")
    testthat::expect_match(output$test, "No test: fewer than two groups")
  })
})

testthat::test_that("groups are the values, quarters of many numbers, and never more than 30", {
  source(testthat::test_path("R/questions.R"), local = TRUE)
  source(testthat::test_path("R/groups.R"), local = TRUE)
  testthat::expect_equal(levels(group_by(c("b", NA, "a", "b"))), c("a", "b"))
  testthat::expect_equal(nlevels(group_by(seq(0, 1, length.out = 99))), 4)
  testthat::expect_equal(nlevels(group_by(paste0("g", 1:40))), 30)
  same <- compare(rep(1, 6), factor(rep(c("a", "b"), 3)))
  testthat::expect_equal(same$note, "No test: every value is the same.")
  three <- compare(c(1:4, 5:8, 9:12, 3), factor(c(rep(c("a", "b", "c"), each = 4), "d")))
  testthat::expect_equal(three$left_out, "d")
  testthat::expect_equal(three$p, kruskal.test(1:12, rep(1:3, each = 4))$p.value)
})
