write_study <- function(folder) {
  dir.create(folder)
  writeLines(c("Study Title", "Ä study"), file.path(folder, "my.study.tsv"))
  writeLines(
    c("Sample Source ID\tTissue\tAge", "s1\tliver\t40", "s2\tlung\t", "s3\tliver\t7"),
    file.path(folder, "my.samples.tsv")
  )
  writeLines(
    c("gene\ts1\ts2\ts3", "TP53\t1\t2.5\t", "MYC\t4\t5\t6"),
    file.path(folder, "my.tsv")
  )
  writeLines(c("Data Class", "Bulk transcriptomics"), file.path(folder, "my.tsv.tsv"))
  folder
}

test_that("a folder is planned, imported, linked and read", {
  con <- own_odm()
  folder <- write_study(tempfile())
  expect_output(print(odm_import(con, folder, dry_run = TRUE)), "my.study.tsv")
  expect_equal(summary(con)$counts[["studies"]], 0)
  done <- suppressMessages(odm_import(con, folder))
  expect_s3_class(done, "odm_import")
  expect_length(done$problems, 0)
  expect_output(print(done), done$study, fixed = TRUE)
  values <- odm_query(con) |> odm_where(study = `Study Title` == "\u00c4 study") |> odm_collect("matrix")
  expect_equal(values, matrix(c(1, 4, 2.5, 5, NA, 6), 2, dimnames = list(c("TP53", "MYC"), c("s1", "s2", "s3"))))
})

test_that("progress is a message", {
  con <- own_odm()
  expect_message(odm_import(con, write_study(tempfile())), "my")
})

test_that("a table changes records, and a dry run only says so", {
  con <- own_odm()
  suppressMessages(odm_import(con, write_study(tempfile())))
  wanted <- data.frame(`Sample Source ID` = c("s1", "s2"), Tissue = c("liver", "lung (left)"), check.names = FALSE)
  planned <- odm_patch(con, wanted, key = "Sample Source ID", dry_run = TRUE)
  expect_equal(
    planned[c("attribute", "old", "new")],
    data.frame(attribute = "Tissue", old = "lung", new = "lung (left)"),
    ignore_attr = TRUE
  )
  expect_output(print(planned), "would change 1 values of 1 samples", fixed = TRUE)
  expect_equal(odm_samples(con, `Sample Source ID` == "s2")$Tissue, "lung")
  odm_patch(con, wanted, key = "Sample Source ID")
  expect_equal(odm_samples(con, `Sample Source ID` == "s2")$Tissue, "lung (left)")
  expect_equal(nrow(odm_patch(con, wanted, key = "Sample Source ID")), 0L)
})

test_that("links are made and removed", {
  con <- own_odm()
  done <- suppressMessages(odm_import(con, write_study(tempfile())))
  sample <- odm_samples(con, `Sample Source ID` == "s1")$`genestack:accession`
  in_study <- function() odm_query(con) |> odm_where(study = `Study Title` == "\u00c4 study") |> odm_collect() |> nrow()
  odm_link(con, "sample", sample, "study", done$study, remove = TRUE)
  expect_equal(in_study(), 2L)
  expect_true(odm_link(con, "sample", sample, "study", done$study))
  expect_equal(in_study(), 3L)
  expect_error(odm_link(con, "study", done$study, "sample", sample), class = "odm_query_error")
})

test_that("templates, problems and jobs are tables and lists", {
  study <- odm_studies(demo(), limit = 1)$`genestack:accession`
  fields <- odm_templates(demo(), study)
  expect_named(fields, c("name", "data_type", "value_type", "is_required", "is_read_only", "dictionary"))
  expect_type(fields$is_required, "logical")
  problems <- odm_validate(demo(), study)
  expect_s3_class(problems, "odm_problems")
  expect_output(print(problems), "invalid values")
  expect_equal(odm_jobs(demo(), 1)$status, "COMPLETED")
  expect_error(odm_jobs(demo(), 999999), class = "odm_http")
})

test_that("tables that cannot be applied are refused", {
  expect_error(odm_patch(demo(), list()), class = "odm_usage_error")
  expect_error(odm_patch(demo(), data.frame(a = 1)), class = "odm_frame_error")
})

test_that("dates, truth values and numbers are written as they are asked for", {
  con <- own_odm()
  suppressMessages(odm_import(con, write_study(tempfile())))
  wanted <- data.frame(
    `Sample Source ID` = c("s1", "s2", "s3"),
    Born = as.Date(c("2020-01-01", NA, "2020-01-03")),
    Taken = as.POSIXct(c("2020-01-01 10:00:00", "2020-01-02 11:30:00", NA), tz = "UTC"),
    Alive = c(TRUE, FALSE, NA),
    Visits = c(40, 1.5, 3),
    check.names = FALSE
  )
  done <- odm_patch(con, wanted, key = "Sample Source ID")
  expect_equal(done$new[1:4], c("2020-01-01", "2020-01-01T10:00:00Z", "true", "40"))
  expect_equal(nrow(odm_patch(con, wanted, key = "Sample Source ID")), 0L)
  found <- function(...) sort(odm_samples(con, ...)$`Sample Source ID`)
  expect_equal(found(Born > as.Date("2020-01-02")), "s3")
  expect_equal(found(Taken == as.POSIXct("2020-01-02 11:30:00", tz = "UTC")), "s2")
  expect_equal(found(Alive == TRUE), "s1")
  expect_equal(found(Visits %in% c(40, 1.5)), c("s1", "s2"))
})

test_that("many changes are shown in part", {
  edit <- structure(
    data.frame(accession = paste0("GSF", 1:30), attribute = "A", old = NA, new = "x"),
    class = c("odm_edit", "data.frame"), said = "would change 30 values"
  )
  expect_output(print(edit), "# and 10 more; print(x, n = Inf) shows all", fixed = TRUE)
  expect_output(print(edit, n = Inf), "GSF30")
  expect_output(print(edit, n = 2), "# and 28 more", fixed = TRUE)
})
