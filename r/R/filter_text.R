# ODM's text of a condition, for printing. What is sent is written by Python from
# the same tree, and a test compares the two.

#' @export
format.odm_filter <- function(x, ...) {
  leaf <- if (x$language == "data") row_text else attribute_text
  render(if (x$language == "data") x$tree else expand(x$tree), leaf)
}

#' @export
print.odm_filter <- function(x, ...) {
  cat("<odm_filter> ", format(x), "\n", sep = "")
  invisible(x)
}

#' @importFrom utils str
#' @export
str.odm_filter <- function(object, ...) cat(" <odm_filter> ", format(object), "\n", sep = "")

#' @export
Ops.odm_filter <- function(e1, e2) {
  if (!.Generic %in% c("&", "|", "!")) {
    refuse(
      paste0(.Generic, " compares attributes with values, and here stands a condition"),
      "conditions are joined with &, | and !"
    )
  }
  one <- if (inherits(e1, "odm_filter")) e1 else e2
  items <- lapply(if (.Generic == "!") list(e1) else list(e1, e2), function(item) {
    found <- as_condition(item, one$language)
    if (is.null(found)) refuse("NULL is no condition")
    found
  })
  do.call(join, c(.Generic, items))
}

join <- function(operator, left, right = NULL) {
  parts <- list(left = left, right = right)
  expr <- if (operator == "!") quote(!left) else as.call(list(as.name(operator), quote(left), quote(right)))
  new_filter(translate(expr, list2env(parts, parent = baseenv()), left$language), left$language)
}

# ODM has no lists of values of an attribute: they are alternatives.
expand <- function(tree) {
  if (!is.null(tree$items)) {
    items <- lapply(tree$items, expand)
    flat <- lapply(items, function(item) {
      if (item$op == tree$op && tree$op != "not") item$items else list(item)
    })
    return(list(op = tree$op, items = do.call(c, flat)))
  }
  if (!tree$op %in% c("in", "notin")) {
    return(tree)
  }
  is_in <- tree$op == "in"
  leaves <- lapply(tree$values, function(value) {
    list(op = if (is_in) "==" else "!=", name = tree$name, values = value)
  })
  if (tree$null) {
    missing <- list(op = if (is_in) "is.na" else "not.na", name = tree$name)
    leaves <- append(leaves, list(missing), after = tree$null - 1L)
  }
  if (length(leaves) == 1L) leaves[[1]] else list(op = if (is_in) "or" else "and", items = leaves)
}

render <- function(tree, leaf) {
  if (tree$op == "text") {
    return(tree$text)
  }
  if (tree$op == "not") {
    inner <- tree$items[[1]]
    closed <- is.null(inner$items) && inner$op != "text"
    text <- render(inner, leaf)
    return(if (closed) paste("NOT", text) else paste0("NOT (", text, ")"))
  }
  if (is.null(tree$items)) {
    return(leaf(tree))
  }
  parts <- vapply(tree$items, function(item) {
    text <- render(item, leaf)
    if (item$op %in% c("and", "or", "text")) paste0("(", text, ")") else text
  }, "")
  paste(parts, collapse = if (tree$op == "and") " AND " else " OR ")
}

attribute_text <- function(leaf) {
  paste0(plain_or_quoted(leaf$name), compared_text(leaf$op), values_text(leaf))
}

row_text <- function(leaf) {
  name <- if (!is.null(leaf$name)) paste0(".", plain_or_quoted(leaf$name))
  paste0(leaf$target, name, compared_text(leaf$op), values_text(leaf))
}

compared_text <- function(op) {
  switch(op,
    "==" = ,
    "in" = ,
    is.na = "=",
    notin = ,
    not.na = "!=",
    contains = "=~",
    op
  )
}

values_text <- function(leaf) {
  if (leaf$op %in% c("is.na", "not.na")) {
    return("null")
  }
  texts <- plain_or_quoted(leaf$values)
  if (isTRUE(leaf$null > 0L)) {
    texts <- append(texts, "null", after = leaf$null - 1L)
  }
  paste(texts, collapse = ",")
}

plain_or_quoted <- function(text) {
  plain <- grepl("^[A-Za-z0-9_.:/+-]+$", text) & !tolower(text) %in% c("and", "or", "not", "null")
  escaped <- gsub("\"", "\\\"", gsub("\\", "\\\\", text, fixed = TRUE), fixed = TRUE)
  as.character(ifelse(plain, text, paste0("\"", escaped, "\"")))
}
