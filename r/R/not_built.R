#' Variants, flow cytometry and cells
#'
#' The embedded ODM of this version has none of these, so each of them signals an
#' `odm_not_built` condition; see [odm_conditions].
#'
#' @param con A connection, or a query.
#' @param ... Conditions.
#' @return Nothing: an error is signalled.
#' @examples
#' tryCatch(odm_variants(NULL), odm_not_built = function(error) message(error$message))
#' @export
odm_variants <- function(con, ...) not_built("variants")

#' @rdname odm_variants
#' @export
odm_flow <- function(con, ...) not_built("flow cytometry data")

#' @rdname odm_variants
#' @export
odm_cells <- function(con, ...) not_built("cells")

not_built <- function(what) {
  odm_abort(
    paste0(what, " are not built yet in this version of odm-shiny"),
    "odm_not_built",
    hint = "values of genes, proteins and other features are there: odm_expression()"
  )
}
