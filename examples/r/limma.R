# Which genes differ between B-cell and T-cell leukemia? From a cohort to limma's
# table: adults, their expression with what is known of each sample, a model with
# sex beside the cell type.

suppressPackageStartupMessages({
  library(odmshiny)
  library(limma)
  library(SummarizedExperiment)
})

con <- odm_connect()
adults <- odm_query(con) |>
  odm_where(study = `Study Source ID` == "ALL", sample = Age >= 18)
print(odm_explain(adults))

data <- adults |>
  odm_expression() |>
  odm_collect("SummarizedExperiment")
# A sample whose sex is not known can tell nothing of its influence.
data <- data[, !is.na(data$Sex)]

cells <- factor(data$`Cell Type`, c("T cell", "B cell"))
design <- model.matrix(~ data$Sex + cells)
fit <- eBayes(lmFit(assay(data), design))

n <- table(cells)
cat("\nB cell against T cell,", ncol(data), "samples:", n[["B cell"]], "B,", n[["T cell"]], "T\n")
top <- topTable(fit, coef = "cellsB cell", number = 8)
print(signif(top[c("logFC", "t", "P.Value", "adj.P.Val")], 3))
n_found <- sum(decideTests(fit, p.value = 0.01)[, "cellsB cell"] != 0)
cat(n_found, "of", nrow(data), "genes at a false discovery rate of 1 %\n")

# Prints:
#>   1 study matches
#> 128 samples in these studies
#> 107 of them match
#> 107 of them have expression data
#> 107 of them have matching values
#>
#> B cell against T cell, 107 samples: 79 B, 28 T
#>          logFC     t  P.Value adj.P.Val
#> CD3D     -4.70 -31.8 2.27e-56  1.98e-52
#> SH2D1A   -3.17 -24.4 1.92e-45  8.36e-42
#> HLA-DRA   3.22  21.6 7.91e-41  2.30e-37
#> LCK      -3.12 -20.4 1.02e-38  2.22e-35
#> CD74      3.15  20.4 1.46e-38  2.55e-35
#> HLA-DPA1  2.92  18.4 6.96e-35  1.01e-31
#> TRIM     -1.78 -17.8 8.57e-34  1.07e-30
#> CD19      2.95  17.7 1.71e-33  1.86e-30
#> 1237 of 8728 genes at a false discovery rate of 1 %
