test_that("words are quoted where ODM would read them otherwise", {
  expect_equal(
    plain_or_quoted(c("liver", "a b", "AND", "null", "", "a,b", "R&D", "1.5e-3", "\u00e9")),
    c("liver", "\"a b\"", "\"AND\"", "\"null\"", "\"\"", "\"a,b\"", "\"R&D\"", "1.5e-3", "\"\u00e9\"")
  )
})

test_that("a filter prints as ODM's text", {
  expect_output(print(odm_filter(Age >= 40)), "<odm_filter> Age>=40", fixed = TRUE)
})

test_that("conditions made before are joined with R's operators", {
  young <- odm_filter(Age < 20)
  male <- odm_filter(Sex == "male")
  liver <- odm_filter(Tissue == "liver")
  expect_equal(young & male, odm_filter(Age < 20 & Sex == "male"))
  expect_equal(!(young | male), odm_filter(!(Age < 20 | Sex == "male")))
  expect_equal(Reduce("&", list(young, male, liver)), odm_filter(Age < 20 & Sex == "male" & Tissue == "liver"))
  expect_equal(format(young & "Sex=male"), "Age<20 AND (Sex=male)")
  expect_error(young & TRUE, class = "odm_query_error")
  expect_error(young & NULL, "NULL is no condition", class = "odm_query_error")
  expect_error(young == 3, "joined with &", class = "odm_query_error")
  expect_error(young & odm_filter(value > 3, data = TRUE), class = "odm_query_error")
})

test_that("str takes a line", {
  expect_output(str(odm_filter(Age < 20)), "^ <odm_filter> Age<20$")
})
