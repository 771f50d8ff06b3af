# Writes the R objects that the demo studies come from as plain tab-separated text.
#
#   Rscript export_sources.R LIBRARY OUT
#
# LIBRARY holds the unpacked R packages ALL, annotate, multtest; OUT gets the text files. Bioconductor
# is not needed: an ExpressionSet is read through its attributes. Numbers keep 17 significant digits,
# a missing value is an empty cell, nothing is quoted.

arguments <- commandArgs(trailingOnly = TRUE)
stopifnot(length(arguments) == 2L)
library_folder <- arguments[[1L]]
out <- arguments[[2L]]

load_from <- function(package, file) {
  into <- new.env()
  # load() warns that Biobase is absent; the attributes are complete without it.
  suppressWarnings(load(file.path(library_folder, package, "data", file), envir = into))
  into
}

write_text <- function(table, file) {
  write.table(table, file.path(out, file), sep = "\t", quote = FALSE, na = "", row.names = FALSE)
}

exact <- function(values) {
  stopifnot(!anyNA(values))
  array(sprintf("%.17g", values), dim(values), dimnames(values))
}

# ---- ALL: expression, phenotypes; annotate: probe to symbol ----
all_set <- attributes(load_from("ALL", "ALL.rda")$ALL)
expression <- get("exprs", all_set$assayData)
phenotypes <- attributes(all_set$phenoData)$data
symbols <- load_from("annotate", "hgu95Asym.rda")$hgu95Asym
stopifnot(
  identical(colnames(expression), rownames(phenotypes)),
  setequal(rownames(expression), ls(symbols))
)
symbol <- unlist(mget(rownames(expression), envir = symbols))
symbol[symbol == "NA"] <- NA # the table spells "no symbol" as text

write_text(
  data.frame(probe = rownames(expression), symbol = symbol, exact(expression), check.names = FALSE),
  "all.expression.tsv"
)
write_text(
  data.frame(sample = rownames(phenotypes), phenotypes, check.names = FALSE),
  "all.phenotypes.tsv"
)

# ---- multtest: Golub ----
golub <- load_from("multtest", "golub.RData")
write_text(
  data.frame(golub$golub.gnames[, c(1L, 3L, 2L)], exact(golub$golub)),
  "golub.expression.tsv"
)
write_text(data.frame(class = golub$golub.cl), "golub.classes.tsv")
