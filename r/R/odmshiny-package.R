#' Query, load and analyse omics data in Genestack ODM
#'
#' Open an ODM with [odm_connect()], or the one that is inside with
#' [odm_demo()]. Ask with [odm_query()] and its verbs, or for one kind of
#' record with [odm_samples()] and its siblings. Take the answer with
#' [odm_collect()].
#'
#' Nothing of Python is started before the first call that needs it; see
#' [odm_sitrep()] for which Python that is. Errors have classes; see
#' [odm_conditions].
#'
#' @keywords internal
#' @importFrom utils head
"_PACKAGE"
