test_that("words are quoted where ODM would read them otherwise", {
  expect_equal(
    plain_or_quoted(c("liver", "a b", "AND", "null", "", "a,b", "R&D", "1.5e-3", "\u00e9")),
    c("liver", "\"a b\"", "\"AND\"", "\"null\"", "\"\"", "\"a,b\"", "\"R&D\"", "1.5e-3", "\"\u00e9\"")
  )
})

test_that("a filter prints as ODM's text", {
  expect_output(print(odm_filter(Age >= 40)), "<odm_filter> Age>=40", fixed = TRUE)
})
