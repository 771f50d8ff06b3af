#' A question as code that anybody can run
#'
#' @param query A query.
#' @param language `"R"`, `"Python"` or `"curl"`.
#' @param url Address of the ODM; not said, that of the query's connection. The
#'   token is never part of the code: R and Python read it from `ODM_TOKEN`.
#' @return A text of class `odm_code`; printed, it is the code.
#' @examplesIf odm_available()
#' con <- odm_demo()
#' query <- odm_query(con) |> odm_where(sample = Age < 20) |> odm_genes("CD19")
#' odm_code(query)
#' odm_code(query, "Python")
#' odm_code(query, "curl", url = "https://odm.example.org")
#' @export
odm_code <- function(query, language = c("R", "Python", "curl"), url = NULL) {
  query <- as_query(query)
  language <- one_of(language, c("R", "Python", "curl"), "language")
  check_text(url, "url", null = TRUE)
  connection <- part(query, "connection")
  text <- odm_call("code",
    steps = part(query, "steps"), language = language,
    url = if (is.null(url)) connection$url else url, role = connection$role, bound = !is.null(connection)
  )
  structure(text, class = "odm_code", language = language)
}

#' @export
format.odm_code <- function(x, ...) as.character(x)

#' @export
print.odm_code <- function(x, ...) {
  cat(x, if (!endsWith(x, "\n")) "\n", sep = "")
  invisible(x)
}
