test_that("a column of the answer is asked for once, and a wrong name has a hint", {
  query <- leukemia() |> odm_where(sample = Age < 10)
  expect_equal(sort(query$Age), sort(odm_collect(query)$Age))
  expect_error(query$Agee, "did you mean `Age`", class = "odm_query_error")
  expect_true("Age" %in% .DollarNames(query, "^A"))
})

test_that("brackets are of the answer as well", {
  query <- leukemia() |> odm_where(sample = Age < 15)
  frame <- odm_collect(query)
  expect_equal(query[["Cell Type"]], frame$`Cell Type`)
  expect_equal(query[[2]], frame[[2]])
  expect_error(query[["Agee"]], "did you mean `Age`", class = "odm_query_error")
  expect_equal(query[1:2, c("Age", "Sex")], frame[1:2, c("Age", "Sex")])
  expect_equal(query[c("Age", "Sex")], frame[c("Age", "Sex")])
  expect_equal(query[, "Age"], frame$Age)
})

test_that("a column is NULL where nothing was found", {
  nobody <- leukemia() |> odm_where(sample = Age > 900)
  expect_null(nobody$Age)
  expect_null(nobody[["Age"]])
  expect_equal(nrow(head(nobody)), 0L)
})

test_that("nothing can be assigned in a query", {
  query <- leukemia()
  expect_error(query$Age <- 3, "nothing can be assigned", class = "odm_usage_error")
  expect_error(query[["Age"]] <- 3, class = "odm_usage_error")
  expect_error(query[1, "Age"] <- 3, class = "odm_usage_error")
  expect_s3_class(query, "odm_query")
})

test_that("head and tail take what they take of a data frame", {
  query <- leukemia()
  frame <- odm_collect(query)
  expect_equal(nrow(head(query, 3)), 3L)
  expect_equal(nrow(head(query, 0)), 0L)
  expect_true("Age" %in% names(head(query, 0)))
  expect_equal(head(query, -125), head(frame, -125))
  expect_equal(nrow(head(query, Inf)), 128L)
  expect_equal(tail(query, 2), tail(frame, 2))
  expect_error(head(query, 2.5), class = "odm_usage_error")
  expect_error(head(query, NA), class = "odm_usage_error")
})

test_that("as.data.frame and as.matrix are answers", {
  query <- leukemia()
  expect_equal(nrow(as.data.frame(query)), 128L)
  expect_equal(dim(as.matrix(odm_genes(query, "CD19"))), c(1L, 128L))
})

test_that("str asks nothing and takes a line", {
  query <- odm_where(odm_query(), sample = Age < 20)
  expect_output(str(query), "^ <odm_query> samples: where$")
  expect_output(str(list(a = query)), "^List of 1\n \\$ a: <odm_query>")
})
