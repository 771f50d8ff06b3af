# Bioconductor's containers, out of vectors, matrices and frames that are in R already.
list(

  # The packages that are missing, of those named.
  missing_packages = function(names) {
    found <- vapply(names, function(name) suppressPackageStartupMessages(
      requireNamespace(name, quietly = TRUE)), NA)
    names[!found]
  },

  summarized_experiment = function(assays, row_data, col_data, metadata) {
    SummarizedExperiment::SummarizedExperiment(
      assays = assays,
      rowData = S4Vectors::DataFrame(row_data, row.names = rownames(row_data), check.names = FALSE),
      colData = S4Vectors::DataFrame(col_data, row.names = rownames(col_data), check.names = FALSE),
      metadata = metadata
    )
  },

  single_cell_experiment = function(assays, row_data, col_data, metadata, reduced) {
    SingleCellExperiment::SingleCellExperiment(
      assays = assays,
      rowData = S4Vectors::DataFrame(row_data, row.names = rownames(row_data), check.names = FALSE),
      colData = S4Vectors::DataFrame(col_data, row.names = rownames(col_data), check.names = FALSE),
      metadata = metadata,
      reducedDims = reduced
    )
  },

  multi_assay_experiment = function(experiments, col_data, sample_map, metadata) {
    sample_map$assay <- factor(sample_map$assay, levels = names(experiments))
    MultiAssayExperiment::MultiAssayExperiment(
      experiments = MultiAssayExperiment::ExperimentList(experiments),
      colData = S4Vectors::DataFrame(col_data, row.names = rownames(col_data), check.names = FALSE),
      sampleMap = S4Vectors::DataFrame(sample_map),
      metadata = metadata
    )
  }
)
