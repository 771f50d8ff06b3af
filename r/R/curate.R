#' What a study's metadata should hold
#'
#' @param con A connection.
#' @param study Accession of a study.
#' @return A data frame, one row an attribute of the study's template: `name`,
#'   `data_type` (of which records), `value_type`, `is_required`, `is_read_only`
#'   and `dictionary`.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' study <- odm_studies(con, limit = 1)$`genestack:accession`
#' head(odm_templates(con, study))
#' @export
odm_templates <- function(con, study) {
  check_connection(con)
  check_text(study, "study")
  as_texts(odm_call("template", con$handle, study = study), "dictionary")
}

#' Where a study's metadata does not fit its template
#'
#' @param con A connection, as a curator.
#' @param study Accession of a study.
#' @return A data frame of class `odm_problems`, one row a wrong value of the
#'   study's samples: `group`, `attribute`, `value`, `count`, `error` and
#'   `message`.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' study <- odm_studies(con, limit = 1)$`genestack:accession`
#' odm_validate(con, study)
#' @export
odm_validate <- function(con, study) {
  check_connection(con)
  check_text(study, "study")
  found <- as_texts(odm_call("validate", con$handle, study = study), c("attribute", "value"))
  structure(found, class = c("odm_problems", "data.frame"), study = study)
}

#' @export
print.odm_problems <- function(x, ...) {
  study <- attr(x, "study")
  n <- nrow(x)
  cat(if (is.null(study)) "" else paste0(study, ": "), if (n) count_text(n) else "no", " invalid values\n", sep = "")
  print_rows(x, ...)
  invisible(x)
}

#' Import the files of a study
#'
#' Files are told by name: `X.study.tsv`, `X.samples.tsv`, `X.libraries.tsv`,
#' `X.preparations.tsv`; a matrix `X.gct` or `X.tsv` by its metadata `X.gct.tsv`
#' or `X.tsv.tsv`; all of them also packed (`.gz`, `.zip`).
#'
#' @param con A connection, as a curator.
#' @param folder Folder of the files.
#' @param ... Nothing: what follows must be named.
#' @param study Accession of a study to import into, a link of the study's table,
#'   or the file where names do not tell it.
#' @param samples,libraries,preparations,data Files, where names do not tell.
#' @param template Accession of a template.
#' @param linking_attribute Attribute of the samples that the columns of the data
#'   are called by.
#' @param previous_version File or chain that the data is the next version of.
#' @param data_class Such as `"Proteomics"`.
#' @param serve_from `"HOST:PORT"` where a remote ODM reaches this machine, to
#'   fetch the study's table.
#' @param dry_run Only say what is what; the ODM is asked nothing.
#' @return A list of class `odm_import`: `study`, `groups` (file and accession),
#'   `links`, `problems` and `left_out`. With `dry_run`, the plan as text.
#' @examplesIf odm_available()
#' folder <- tempfile()
#' dir.create(folder)
#' writeLines(c("Study Title", "A study of mine"), file.path(folder, "my.study.tsv"))
#' writeLines(c("Sample Source ID\tTissue", "s1\tliver", "s2\tlung"),
#'   file.path(folder, "my.samples.tsv"))
#'
#' con <- odm_connect(store = tempfile())
#' odm_import(con, folder, dry_run = TRUE)
#' odm_import(con, folder)
#' odm_samples(con)$Tissue
#' odm_close(con)
#' @export
odm_import <- function(con, folder, ..., study = NULL, samples = NULL, libraries = NULL,
                       preparations = NULL, data = NULL, template = NULL, linking_attribute = NULL,
                       previous_version = NULL, data_class = NULL, serve_from = NULL,
                       dry_run = FALSE) {
  check_no_dots(...)
  check_connection(con)
  check_text(folder, "folder")
  check_flag(dry_run, "dry_run")
  given <- said(list(study = study, samples = samples, libraries = libraries, preparations = preparations, data = data))
  folder <- normalizePath(folder, mustWork = FALSE)
  if (dry_run) {
    plan <- do.call(odm_call, c(list("plan_import", con$handle, folder = folder), given))
    return(structure(plan, class = "odm_import_plan"))
  }
  options <- said(list(
    template = template, linking_attribute = linking_attribute,
    previous_version = previous_version, data_class = data_class, serve_from = serve_from
  ))
  done <- do.call(odm_call, c(list("import", con$handle, folder = folder), given, options))
  structure(done, class = "odm_import")
}

#' @export
print.odm_import_plan <- function(x, ...) {
  cat(x, "\n", sep = "")
  invisible(x)
}

#' @export
print.odm_import <- function(x, ...) {
  cat("<odm_import> study ", if (is.null(x$study)) "(none)" else x$study, "\n", sep = "")
  for (name in names(x$groups)) cat("  ", name, ": ", x$groups[[name]], "\n", sep = "")
  for (line in x$links) cat("  ", line, "\n", sep = "")
  for (line in x$problems) cat("! not linked: ", line, "\n", sep = "")
  for (line in x$left_out) cat("! left out: ", line, "\n", sep = "")
  invisible(x)
}

#' Link objects to what they belong to
#'
#' @param con A connection, as a curator.
#' @param source_kind,target_kind What belongs, and what it belongs to:
#'   `"sample"` to `"study"`, `"library"` or `"preparation"` to `"sample"`,
#'   `"expression"` to any of these but a study.
#' @param source,target Their accessions; for one column of data, the run's id.
#' @param ... Nothing: what follows must be named.
#' @param groups `TRUE`: `source` and `target` are groups (files), and their
#'   objects are linked by their ids. Samples are then linked to a study.
#' @param linking_attribute Attribute of the samples that the columns of the data
#'   are called by; for groups of data.
#' @param remove Remove the link instead.
#' @return Invisibly, whether every object found a partner.
#' @examplesIf odm_available()
#' con <- odm_demo(tempfile())
#' study <- odm_studies(con, `Study Source ID` == "ALL")$`genestack:accession`
#' sample <- odm_query(con) |> odm_where(study = `Study Source ID` == "ALL") |> odm_limited_to(1)
#' accession <- sample$`genestack:accession`
#' odm_link(con, "sample", accession, "study", study, remove = TRUE)
#' odm_link(con, "sample", accession, "study", study)
#' odm_close(con)
#' @export
odm_link <- function(con, source_kind, source, target_kind, target, ..., groups = FALSE,
                     linking_attribute = NULL, remove = FALSE) {
  check_no_dots(...)
  check_connection(con)
  for (name in c("source_kind", "source", "target_kind", "target")) check_text(get(name), name)
  check_text(linking_attribute, "linking_attribute", null = TRUE)
  check_flag(groups, "groups")
  check_flag(remove, "remove")
  complete <- odm_call("link", con$handle,
    source_kind = source_kind, source = source, target_kind = target_kind, target = target,
    groups = groups, linking_attribute = linking_attribute, remove = remove
  )
  invisible(complete)
}

#' Change many records from a table
#'
#' What has the wanted value already is left alone, so the same table can be
#' applied again; that is also how to go on after an `odm_edit_error`.
#'
#' @param con A connection, as a curator.
#' @param table A data frame: one row a record, the column `key`, and the
#'   attributes to set. `NA` removes a value; dates are written as in ISO 8601.
#' @param ... Nothing: what follows must be named.
#' @param kind What the records are.
#' @param key Column that tells them apart.
#' @param dry_run Change nothing, only say what would change.
#' @return A data frame of class `odm_edit`, one row a changed value:
#'   `accession`, `attribute`, `old` and `new`.
#' @examplesIf odm_available()
#' con <- odm_demo(tempfile())
#' samples <- odm_samples(con, limit = 2) |> odm_collect()
#' wanted <- data.frame(
#'   `genestack:accession` = samples$`genestack:accession`,
#'   Tissue = "bone marrow",
#'   check.names = FALSE
#' )
#' odm_patch(con, wanted, dry_run = TRUE)
#' odm_close(con)
#' @export
odm_patch <- function(con, table, ..., kind = c("samples", "studies", "libraries", "preparations"),
                      key = "genestack:accession", dry_run = FALSE) {
  check_no_dots(...)
  check_connection(con)
  kind <- one_of(kind, c("samples", "studies", "libraries", "preparations"), "kind")
  check_text(key, "key")
  check_flag(dry_run, "dry_run")
  if (!is.data.frame(table)) {
    odm_abort(paste0("`table` is a data frame, not ", what_is(table)), "odm_usage_error")
  }
  if (!key %in% names(table)) {
    odm_abort(
      paste0("the table has no column \"", key, "\""), "odm_frame_error",
      hint = "key = names the column that tells records apart"
    )
  }
  table <- as.data.frame(table)
  is_time <- vapply(table, inherits, NA, c("Date", "POSIXt"))
  table[is_time] <- lapply(table[is_time], value_texts)
  edit <- odm_call("patch", con$handle, table = table, kind = kind, key = key, dry_run = dry_run)
  structure(as_texts(edit$changes, c("old", "new")), class = c("odm_edit", "data.frame"), said = edit$said)
}

#' @export
print.odm_edit <- function(x, ...) {
  said <- attr(x, "said")
  if (!is.null(said)) {
    cat(said, "\n", sep = "")
  }
  print_rows(x, ...)
  invisible(x)
}

# Thousands of rows would push what they say out of sight.
print_rows <- function(x, n = 20L, ...) {
  if (nrow(x)) {
    print(head(as.data.frame(unclass(x), optional = TRUE), n), ...)
  }
  if (nrow(x) > n) {
    cat("# and ", count_text(nrow(x) - n), " more; print(x, n = Inf) shows all\n", sep = "")
  }
}

#' Look at a job, wait for it, stop it, restart it
#'
#' @param con A connection, as a curator.
#' @param job Its number, `jobExecId`.
#' @param action `"show"` it, `"wait"` until it ends, `"stop"` or `"restart"` it.
#' @param timeout_s Longest wait in seconds; the job goes on all the same.
#' @return A named list of what the ODM says of it, its result included.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' odm_jobs(con, 1)$status
#' @export
odm_jobs <- function(con, job, action = c("show", "wait", "stop", "restart"), timeout_s = NULL) {
  check_connection(con)
  job <- check_count(job, "job", null = FALSE)
  action <- one_of(action, c("show", "wait", "stop", "restart"), "action")
  odm_call("job", con$handle, job = job, action = action, timeout_s = timeout_s)
}
