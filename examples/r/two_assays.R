# Two matrices of one cohort as a MultiAssayExperiment: the probes and the genes
# of the leukemia study, and the samples that they share.

suppressPackageStartupMessages({
  library(odmshiny)
  library(MultiAssayExperiment)
})

con <- odm_connect()
cohort <- odm_query(con) |>
  odm_where(study = `Study Source ID` == "ALL", sample = `Cell Type` == "T cell")

# Older versions of a matrix are read when they are asked for.
both <- cohort |>
  odm_expression() |>
  odm_versions("*") |>
  odm_collect("MultiAssayExperiment")
files <- odm_expression_groups(cohort, versions = "*") |> odm_collect()
file_names <- files$Name[match(names(both), files$itemId)]
names(both) <- ifelse(file_names == "ALL expression by probe", "probes", "genes")

print(vapply(experiments(both), dim, c(features = 0L, samples = 0L)))
print(table(both$`Immunophenotype Stage`))

# Metadata choose the samples of every assay at once.
late <- both[, which(both$`Immunophenotype Stage` %in% c("T3", "T4")), ]
print(vapply(experiments(late), ncol, 0L))

# A gene's value is that of its most variable probe.
genes <- late[["genes"]]
probe <- rowData(genes)["CD3D", "probe"]
n_same <- sum(assay(genes)["CD3D", ] == assay(late[["probes"]])[probe, ])
cat("CD3D is", probe, "in", n_same, "of", ncol(genes), "samples\n")

# Prints:
#>          probes genes
#> features  12625  8728
#> samples      33    33
#>
#>  T T1 T2 T3 T4
#>  5  1 15 10  2
#> probes  genes
#>     12     12
#> CD3D is 38319_at in 12 of 12 samples
