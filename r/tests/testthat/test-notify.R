test_that("what Python tells is a message or a warning when the call is done", {
  notify("progress", "half of it")
  expect_message(tell_told(), "half of it")
  notify("warning", "careful")
  expect_warning(tell_told(), "careful")
  expect_silent(tell_told())
})

test_that("progress on a terminal is one line that is wiped out at the end", {
  old <- options(odmshiny.progress = TRUE, width = 40)
  on.exit(options(old))
  notify("progress", strrep("x", 50))
  expect_true(the$in_progress)
  expect_silent(suppressMessages(tell_told()))
  expect_false(the$in_progress)
})
