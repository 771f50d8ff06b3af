#' Take the answer of a question
#'
#' @param query A query; see [odm_query()].
#' @param as What you want it as:
#'   * `"data.frame"`, `"tibble"`: one row a record, file, or value of a feature
#'     in a run;
#'   * `"matrix"`: features in rows, runs in columns, `NA` for what was not
#'     measured;
#'   * `"SummarizedExperiment"`, `"SingleCellExperiment"`: the same with
#'     `colData`, the attributes of what each run is linked to, and `rowData`,
#'     the feature columns;
#'   * `"MultiAssayExperiment"`: an experiment for each file of data, and the
#'     samples that they share.
#' @param ... Nothing: what follows must be named.
#' @param measurement Which value, where files hold several, such as `"TPM"`.
#' @return What `as` says. A condition on values, as of [odm_at_least()], leaves
#'   `NA` where it does not hold.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' samples <- odm_samples(con, Age < 20) |> odm_collect()
#' table(samples$`Cell Type`)
#'
#' leukemia <- odm_query(con) |> odm_where(study = `Study Source ID` == "ALL")
#' cd19 <- leukemia |> odm_genes("CD19") |> odm_expression() |> odm_collect("matrix")
#' summary(cd19["CD19", ])
#' @examplesIf odm_available() && requireNamespace("SummarizedExperiment", quietly = TRUE)
#'
#' all <- odm_collect(leukemia, "SummarizedExperiment")
#' all[, which(all$Age < 20)]
#' @export
odm_collect <- function(query, as = c("data.frame", "tibble", "matrix", "SummarizedExperiment",
                                      "SingleCellExperiment", "MultiAssayExperiment"),
                        ..., measurement = NULL) {
  check_no_dots(...)
  query <- as_query(query)
  as <- one_of(as, eval(formals()$as), "as")
  check_text(measurement, "measurement", null = TRUE)
  connection <- bound(query)
  if (as %in% names(NEEDED)) {
    need_package(NEEDED[[as]], paste0("odm_collect(as = \"", as, "\")"))
  }
  if (as %in% c("data.frame", "tibble")) {
    if (!is.null(measurement)) {
      odm_abort(
        paste0("`measurement` chooses the values of a matrix, and a ", as, " has all of them"), "odm_usage_error",
        hint = paste0("odm_collect(query, \"matrix\", measurement = \"", measurement, "\")")
      )
    }
    frame <- odm_call("collect", connection$handle, steps = part(query, "steps"))
    return(if (as == "tibble") tibble::as_tibble(frame) else frame)
  }
  found <- odm_call("matrix", connection$handle, steps = part(query, "steps"), measurement = measurement,
                    attributes = as != "matrix")
  switch(as,
    matrix = found$values,
    SummarizedExperiment = summarized_experiment(found),
    SingleCellExperiment = single_cell_experiment(found),
    MultiAssayExperiment = multi_assay_experiment(found)
  )
}

NEEDED <- c(
  tibble = "tibble",
  SummarizedExperiment = "SummarizedExperiment",
  SingleCellExperiment = "SingleCellExperiment",
  MultiAssayExperiment = "MultiAssayExperiment"
)

#' @exportS3Method tibble::as_tibble
as_tibble.odm_query <- function(x, ...) odm_collect(x, "tibble")

# ---- what Python gives: values (features x runs, with names), what is known of the
# features (row_data) and of the runs (col_data), and where it is from (source) -----

summarized_experiment <- function(found) {
  SummarizedExperiment::SummarizedExperiment(
    assays = structure(list(found$values), names = found$assay),
    rowData = annotation(found$row_data, rownames(found$values)),
    colData = annotation(found$col_data, colnames(found$values)),
    metadata = found$source
  )
}

single_cell_experiment <- function(found) {
  SingleCellExperiment::SingleCellExperiment(
    assays = structure(list(found$values), names = found$assay),
    rowData = annotation(found$row_data, rownames(found$values)),
    colData = annotation(found$col_data, colnames(found$values)),
    metadata = found$source
  )
}

# I() keeps a list as one column, which DataFrame() would spread over many.
annotation <- function(frame, names) {
  columns <- lapply(frame, function(column) if (is.list(column)) I(column) else column)
  found <- do.call(S4Vectors::DataFrame, c(columns, list(row.names = names, check.names = FALSE)))
  for (name in names(columns)[vapply(columns, is.list, NA)]) found[[name]] <- unclass(found[[name]])
  found
}

# Runs of different files may share a name, and a sample may have runs in each:
# one experiment a file, and a map from runs to samples.
multi_assay_experiment <- function(found) {
  runs <- found$col_data
  owner <- owners(runs)
  experiments <- lapply(split(seq_along(owner), factor(runs$groupId, unique(runs$groupId))), function(columns) {
    whole <- summarized_experiment(found)[, columns]
    measured <- rowSums(!is.na(SummarizedExperiment::assay(whole))) > 0
    whole[measured, ]
  })
  map <- data.frame(
    assay = factor(runs$groupId, names(experiments)), primary = owner, colname = colnames(found$values)
  )
  first <- !duplicated(owner)
  of_runs <- c("runId", "runSourceId", "groupId", "sample", "library", "preparation")
  attributes <- runs[first, setdiff(names(runs), of_runs), drop = FALSE]
  MultiAssayExperiment::MultiAssayExperiment(
    experiments = experiments,
    colData = annotation(attributes, owner[first]),
    sampleMap = S4Vectors::DataFrame(map),
    metadata = found$source
  )
}

# Accession of what a run is linked to, or the run itself where it is linked to nothing.
owners <- function(runs) {
  owner <- as.character(runs$runSourceId)
  for (kind in intersect(c("preparation", "library", "sample"), names(runs))) {
    linked <- as.character(runs[[kind]])
    owner <- ifelse(is.na(linked), owner, linked)
  }
  owner
}
