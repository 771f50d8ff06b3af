asked <- function(condition) format(condition)

test_that("comparisons become conditions on attributes", {
  expect_equal(asked(odm_filter(Tissue == "liver")), "Tissue=liver")
  expect_equal(asked(odm_filter(`Cell Type` != "B cell")), "\"Cell Type\"!=\"B cell\"")
  expect_equal(asked(odm_filter(Age >= 40 & Age < 60)), "Age>=40 AND Age<60")
  expect_equal(asked(odm_filter(40 <= Age)), "Age>=40")
  expect_equal(asked(odm_filter(-1 > Score)), "Score<-1")
})

test_that("and, or, not and parentheses keep their meaning", {
  expect_equal(asked(odm_filter(A == "a" | B == "b" & C == "c")), "A=a OR (B=b AND C=c)")
  expect_equal(asked(odm_filter((A == "a" | B == "b") & C == "c")), "(A=a OR B=b) AND C=c")
  expect_equal(asked(odm_filter(!(A == "a" & B == "b"))), "NOT (A=a AND B=b)")
  expect_equal(asked(odm_filter(!A == "a")), "NOT A=a")
  twice <- odm_filter(!(!(A == "a")))
  expect_equal(asked(twice), "NOT (NOT A=a)")
  expect_equal(asked(odm_filter(A == "a" && B == "b" || C == "c")), "(A=a AND B=b) OR C=c")
})

test_that("missing values are asked for with is.na()", {
  expect_equal(asked(odm_filter(is.na(Sex))), "Sex=null")
  expect_equal(asked(odm_filter(!is.na(Sex))), "Sex!=null")
  expect_equal(asked(odm_filter(!(is.na(Sex)))), "NOT Sex=null")
  expect_equal(asked(odm_filter(Sex %in% c(NA, "male"))), "Sex=null OR Sex=male")
})

test_that("lists are alternatives, and none of them", {
  tissues <- c("liver", "lung", "liver")
  expect_equal(asked(odm_filter(Tissue %in% tissues)), "Tissue=liver OR Tissue=lung")
  expect_equal(asked(odm_filter(Tissue %notin% tissues)), "Tissue!=liver AND Tissue!=lung")
  expect_equal(asked(odm_filter(!(Tissue %in% tissues))), "NOT (Tissue=liver OR Tissue=lung)")
  expect_equal(asked(odm_filter(Tissue %in% "liver")), "Tissue=liver")
  expect_equal(asked(odm_filter(between(Age, 40, 60))), "Age>=40 AND Age<=60")
})

test_that("values come from where the condition is written", {
  cutoff <- 40
  above <- function(cutoff) odm_filter(Age > cutoff)
  expect_equal(asked(above(50)), "Age>50")
  Age <- "a variable of the same name"
  expect_equal(asked(odm_filter(Age > cutoff + 1)), "Age>41")
  name <- "Cell Type"
  expect_equal(asked(odm_filter(field(name) == "B cell")), "\"Cell Type\"=\"B cell\"")
})

test_that("values are written as ODM compares them", {
  expect_equal(asked(odm_filter(A == factor("x"))), "A=x")
  expect_equal(asked(odm_filter(A == TRUE)), "A=true")
  expect_equal(asked(odm_filter(A == 3L)), "A=3")
  expect_equal(asked(odm_filter(A == 0.1)), "A=0.1")
  expect_equal(asked(odm_filter(A == 1 / 3)), "A=0.3333333333333333")
  expect_equal(asked(odm_filter(A == 1e5)), "A=100000")
  expect_equal(asked(odm_filter(A >= 1e-20)), "A>=1e-20")
  expect_equal(asked(odm_filter(A < as.Date("1960-02-03"))), "A<1960-02-03")
  moment <- as.POSIXct("1960-02-03 04:05:06", tz = "UTC")
  expect_equal(asked(odm_filter(A < moment)), "A<1960-02-03T04:05:06Z")
  expect_equal(asked(odm_filter(A == "caf\u00e9 \"x\" \\")), "A=\"caf\u00e9 \\\"x\\\" \\\\\"")
})

test_that("formulas, ODM's text and earlier filters are taken", {
  adults <- odm_filter(Age >= 18)
  formula <- local({
    limit <- 65
    ~ Age < limit
  })
  expect_equal(asked(odm_filter(~ Tissue == "liver")), "Tissue=liver")
  expect_equal(asked(odm_filter(adults & formula)), "Age>=18 AND Age<65")
  expect_equal(asked(odm_filter("Age>=50 OR Sex=male")), "Age>=50 OR Sex=male")
  expect_equal(asked(odm_filter(adults & "Age>=50 OR Sex=male")), "Age>=18 AND (Age>=50 OR Sex=male)")
  expect_equal(asked(odm_filter(adults)), "Age>=18")
})

test_that("rows of data are chosen by feature and value", {
  expect_equal(asked(odm_filter(feature == "TP53" & value >= 4, data = TRUE)), "feature=TP53 AND value>=4")
  genes <- c("TP53", "MYC")
  expect_equal(asked(odm_filter(feature("gene") %in% genes, data = TRUE)), "feature.gene=TP53,MYC")
  expect_equal(asked(odm_filter(feature %notin% c("A", NA), data = TRUE)), "feature!=A,null")
  expect_equal(asked(odm_filter(value$FC > 1.5 | is.na(value("FC")), data = TRUE)), "value.FC>1.5 OR value.FC=null")
  expect_equal(
    asked(odm_filter(grepl("CD", feature("gene"), fixed = TRUE), data = TRUE)), "feature.gene=~CD"
  )
})

test_that("a thousand conditions nest no calls", {
  parts <- lapply(1:3000, function(i) call("==", as.name(paste0("A", i)), "x"))
  chain <- Reduce(function(a, b) call("|", a, b), parts)
  condition <- eval(call("odm_filter", chain))
  expect_length(condition$tree$items, 3000)
})

test_that("what ODM cannot be asked is an error that says so", {
  tissues <- c("liver", "lung")
  refused <- function(code) expect_error(code, class = "odm_query_error")
  refused(odm_filter(grepl("liv", Tissue)))
  refused(odm_filter(tolower(Tissue) == "liver"))
  refused(odm_filter(Tissue == NA))
  refused(odm_filter(Tissue == tissues))
  refused(odm_filter(Tissue == character()))
  refused(odm_filter(Tissue %in% character()))
  refused(odm_filter(Tissue == liver))
  refused(odm_filter("Tissue" == tissues[1]))
  refused(odm_filter(Age > Inf))
  refused(odm_filter(Age > list(1)))
  refused(odm_filter(Tissue))
  refused(odm_filter(startsWith(Tissue, "l") & Age > 3))
  refused(odm_filter(Age ~ 3))
  refused(odm_filter((Tissue = "liver")))
  refused(odm_filter(NULL))
  refused(odm_filter(gene == "CD19", data = TRUE))
  refused(odm_filter(grepl("^CD", feature("gene")), data = TRUE))
  refused(odm_filter(odm_filter(Age > 3), data = TRUE))
  refused(odm_filter(between(Age, 3)))
})

test_that("errors name the cure", {
  expect_snapshot(error = TRUE, odm_filter(Tissue == NA))
  expect_snapshot(error = TRUE, odm_filter(Tissue == c("liver", "lung")))
  expect_snapshot(error = TRUE, odm_filter(Tissue == liver))
  expect_snapshot(error = TRUE, odm_filter("Tissue" == "liver"))
  expect_snapshot(error = TRUE, odm_filter(gene == "CD19", data = TRUE))
  expect_snapshot(error = TRUE, odm_filter(tolower(Tissue) == "liver"))
})

test_that("what dplyr needs around names and values is taken, and means what it says", {
  cutoff <- 40
  Age <- 7
  expect_equal(format(odm_filter(Age > !!cutoff)), "Age>40")
  expect_equal(format(odm_filter(`Patient ID` == !!1005)), "\"Patient ID\"=1005")
  expect_equal(format(odm_filter(Age > .env$Age)), "Age>7")
  expect_equal(format(odm_filter(.data$Age > 3 & .data[["Cell Type"]] == "B cell")), "Age>3 AND \"Cell Type\"=\"B cell\"")
  # As text: R's check wants every package that stands before :: to be declared.
  of_dplyr <- eval(parse(text = "odm_filter(dplyr::between(Age, 3, 4))"))
  expect_equal(format(of_dplyr), "Age>=3 AND Age<=4")
  expect_equal(format(odm_filter(base::is.na(Sex))), "Sex=null")
  expect_error(odm_filter(as.name("Age") > 3), "field\\(name\\)", class = "odm_query_error")
})

test_that("what a cure names can be asked", {
  cure <- tryCatch(odm_filter(Tissue == character(0)), error = function(error) error$hint)
  expect_null(cure)
  expect_error(odm_filter("B cell" == `Cell Type`), "Then `Cell Type` == \"B cell\"")
  mine <- function(condition) odm_filter(condition)
  expect_error(mine(Age < 3), "~ Age >= 40")
  expect_equal(format(mine(~ Age < 3)), "Age<3")
})

test_that("a list of filters is told how to be joined", {
  filters <- list(odm_filter(Age < 3), odm_filter(Sex == "male"))
  expect_error(odm_filter(filters), "Reduce\\(\"&\", conditions\\)", class = "odm_query_error")
  expect_equal(odm_filter(Reduce("&", filters)), odm_filter(Age < 3 & Sex == "male"))
})

test_that("zero has no sign", {
  expect_equal(format(odm_filter(Change > -0)), "Change>0")
})
