#' Conditions on attributes, and on rows of data
#'
#' The verbs take conditions as you write them; `odm_filter()` makes one to keep
#' and to use again.
#'
#' @section What can be said:
#' An attribute stands on the left, a value on the right. The value is computed
#' where you write it, so `Age >= cutoff` and `Tissue %in% tissues` take your
#' own variables; the name on the left is always the attribute, whatever
#' variables you have. A name with blanks stands in backticks, and a name that
#' is in a variable as `field(name)`.
#'
#' | you want | you write |
#' |---|---|
#' | one value | `Tissue == "liver"`, `Tissue != "liver"` |
#' | any of several, none of them | `Tissue %in% c("liver", "lung")`, `Tissue %notin% tissues` |
#' | numbers and dates | `Age >= 40`, `between(Age, 40, 60)`, `` `Date of Birth` < as.Date("1960-01-01") `` |
#' | not set, set | `is.na(Sex)`, `!is.na(Sex)` |
#' | both, either, not | `a & b`, `a \| b`, `!a` |
#' | a condition made before | its name: `liver & Age >= 40`; a list of them, `Reduce("&", conditions)` |
#'
#' A formula, `~ Tissue == "liver"`, and ODM's own text,
#' `'"Cell Type"="B cell" AND Age>=50'`, are taken as well. `!=` and `%notin%`
#' are true for a record without the attribute, as in ODM, and other than in
#' [subset()]; so is `!(Age < 20)`, while `Age >= 20` is not.
#'
#' Conditions on data are about `feature`, the name of a gene, peptide or
#' other thing measured, and `value`. Further columns are `feature("gene")`
#' and `value("FC")`, and `grepl("CD", feature("gene"), fixed = TRUE)` looks for
#' a part of a name.
#'
#' What ODM cannot be asked is an error. Nothing is left out silently.
#'
#' @param condition A condition, as above. `NULL` is none.
#' @param data `TRUE` if it is about rows of data, `feature` and `value`.
#' @return An `odm_filter`; printed, it shows the text that ODM gets.
#' @examples
#' cutoff <- 40
#' adults <- odm_filter(Age >= cutoff & !is.na(Sex))
#' adults
#' odm_filter(adults & `Cell Type` %in% c("B cell", "T cell"))
#' odm_filter(feature("gene") == "CD19" & value >= 8, data = TRUE)
#' @export
odm_filter <- function(condition, data = FALSE) {
  check_flag(data, "data")
  language <- if (data) "data" else "filter"
  found <- capture_condition(substitute(condition), parent.frame(), language)
  if (is.null(found)) {
    odm_abort("an empty condition", "odm_query_error", hint = "odm_filter(Tissue == \"liver\")")
  }
  found
}

# Read what stands in an argument: `expr` is it unevaluated, `env` where it was
# written. An operator is translated; anything else is evaluated, and gives a
# filter, a formula, ODM's text, or NULL.
capture_condition <- function(expr, env, language) {
  if (is.character(expr) || is.null(expr)) {
    return(as_condition(expr, language))
  }
  if (is_call(expr, "~")) {
    return(translate_formula(expr, env, language))
  }
  if (is.call(expr) && operator_of(expr) %in% names(TRANSLATIONS)) {
    return(new_filter(translate(expr, env, language), language))
  }
  as_condition(evaluate_operand(expr, env, language), language)
}

as_condition <- function(value, language) {
  if (is.null(value)) {
    return(NULL)
  }
  if (inherits(value, "odm_filter")) {
    return(check_language(value, language))
  }
  if (inherits(value, "formula")) {
    return(translate_formula(value, environment(value), language))
  }
  if (is.character(value) && length(value) == 1L && !is.na(value)) {
    return(if (nzchar(trimws(value))) new_filter(list(op = "text", text = enc2utf8(value)), language))
  }
  refuse(
    paste0("a condition is an expression, a formula or ODM's text, not ", what_is(value)),
    if (is.list(value) && !is.object(value)) "Reduce(\"&\", conditions) joins a list of filters"
  )
}

translate_formula <- function(formula, env, language) {
  if (length(formula) != 2L) {
    refuse(
      paste0("a formula of a condition has one side, not ", shown(formula)),
      "~ Tissue == \"liver\" & Age >= 40"
    )
  }
  env <- if (is.null(env)) globalenv() else env
  new_filter(translate(formula[[2]], env, language), language)
}

new_filter <- function(tree, language) {
  structure(list(tree = tree, language = language), class = "odm_filter")
}

check_language <- function(filter, language) {
  if (!identical(filter$language, language)) {
    refuse(
      if (language == "data") {
        "a condition on attributes cannot choose rows of data"
      } else {
        "a condition on rows of data cannot choose records"
      },
      "odm_where() takes conditions on attributes, odm_data() those on feature and value"
    )
  }
  filter
}

# ---- the walk over the expression -------------------------------------------

translate <- function(expr, env, language) {
  operator <- if (is.call(expr)) operator_of(expr) else ""
  known <- TRANSLATIONS[[operator]]
  if (!is.null(known)) {
    return(known(expr, env, language))
  }
  found <- as_condition(evaluate_operand(expr, env, language), language)
  if (is.null(found)) {
    refuse(paste0(shown(expr), " is no condition"))
  }
  found$tree
}

translate_parenthesis <- function(expr, env, language) translate(expr[[2]], env, language)

translate_not <- function(expr, env, language) {
  if (is_call(expr[[2]], "is.na")) {
    found <- translate(expr[[2]], env, language)
    found$op <- "not.na"
    return(found)
  }
  list(op = "not", items = list(translate(expr[[2]], env, language)))
}

translate_both <- function(op) {
  force(op)
  function(expr, env, language) {
    if (length(expr) != 3L) {
      refuse(paste0(shown(expr), " joins one condition with nothing"))
    }
    items <- lapply(operands(expr, operator_of(expr)), translate, env = env, language = language)
    # One list of three reads and travels better than pairs of pairs; what stood in
    # parentheses, or in a filter of its own, is the same anyway.
    flat <- lapply(items, function(item) if (identical(item$op, op)) item$items else list(item))
    list(op = op, items = do.call(c, flat))
  }
}

# a & b & c is (a & b) & c to R. A loop, so that a thousand of them nest no calls.
operands <- function(expr, operator) {
  found <- list()
  while (is_call(expr, operator) && length(expr) == 3L) {
    found <- c(found, list(expr[[3]]))
    expr <- expr[[2]]
  }
  rev(c(found, list(expr)))
}

translate_comparison <- function(op) {
  force(op)
  function(expr, env, language) {
    sides <- list(left = expr[[2]], right = expr[[3]])
    turned <- is_number(sides$left) && (is.name(sides$right) || is.call(sides$right))
    if (turned) {
      sides <- list(left = expr[[3]], right = expr[[2]])
      op <- switch(op, "<" = ">", "<=" = ">=", ">" = "<", ">=" = "<=", op)
    }
    target <- target_of(sides$left, expr, env, language)
    value <- evaluate_value(sides$right, env)
    if (is.atomic(value) && length(value) == 1L && is.na(value)) {
      refuse(
        paste0(shown(expr), " compares with NA, which is neither true nor false"),
        paste0(if (op == "!=") "!", "is.na(", shown(sides$left), ") asks whether it is set")
      )
    }
    texts <- value_texts(value, expr)
    if (length(texts) != 1L) {
      refuse(
        paste0(shown(expr), " compares with ", length(texts), " values"),
        if (length(texts)) paste0(shown(sides$left), if (op == "!=") " %notin% " else " %in% ", shown(sides$right))
      )
    }
    c(list(op = op), target, list(values = texts))
  }
}

translate_member <- function(op) {
  force(op)
  function(expr, env, language) {
    target <- target_of(expr[[2]], expr, env, language)
    value <- unique(evaluate_value(expr[[3]], env))
    if (!length(value)) {
      refuse(paste0(shown(expr), ": the list of values is empty, so nothing could match"))
    }
    texts <- value_texts(value[!is.na(value)], expr)
    # Where NA stands among the values, from 1; 0 for nowhere.
    c(list(op = op), target, list(values = unique(texts), null = match(TRUE, is.na(value), 0L)))
  }
}

translate_is_na <- function(expr, env, language) {
  c(list(op = "is.na"), target_of(expr[[2]], expr, env, language))
}

translate_between <- function(expr, env, language) {
  if (length(expr) != 4L) {
    refuse(paste0(shown(expr), " needs an attribute and two values"), "between(Age, 40, 60)")
  }
  low <- as.call(list(as.name(">="), expr[[2]], expr[[3]]))
  high <- as.call(list(as.name("<="), expr[[2]], expr[[4]]))
  list(op = "and", items = list(translate(low, env, language), translate(high, env, language)))
}

translate_grepl <- function(expr, env, language) {
  given <- as.list(match.call(grepl, expr))[-1]
  if (language != "data") {
    refuse(
      paste0("ODM compares whole values of attributes, so ", shown(expr), " cannot be asked"),
      "odm_text() looks for words in all attributes"
    )
  }
  if (!isTRUE(given$fixed) || !all(names(given) %in% c("pattern", "x", "fixed"))) {
    refuse(
      paste0("ODM knows no regular expressions, so ", shown(expr), " cannot be asked"),
      "grepl(\"CD\", feature(\"gene\"), fixed = TRUE) looks for a part of a name"
    )
  }
  target <- target_of(given$x, expr, env, language)
  texts <- value_texts(evaluate_value(given$pattern, env), expr)
  if (length(texts) != 1L) {
    refuse(paste0(shown(expr), " looks for ", length(texts), " texts; one can be looked for"))
  }
  c(list(op = "contains"), target, list(values = texts))
}

translate_assignment <- function(expr, env, language) {
  refuse(paste0(shown(expr), " compares nothing"), "== compares: Tissue == \"liver\"")
}

TRANSLATIONS <- list(
  "(" = translate_parenthesis,
  "!" = translate_not,
  "&" = translate_both("and"),
  "&&" = translate_both("and"),
  "|" = translate_both("or"),
  "||" = translate_both("or"),
  "==" = translate_comparison("=="),
  "!=" = translate_comparison("!="),
  "<" = translate_comparison("<"),
  "<=" = translate_comparison("<="),
  ">" = translate_comparison(">"),
  ">=" = translate_comparison(">="),
  "%in%" = translate_member("in"),
  "%notin%" = translate_member("notin"),
  "is.na" = translate_is_na,
  "between" = translate_between,
  "grepl" = translate_grepl,
  "=" = translate_assignment,
  "<-" = translate_assignment
)

# ---- names -------------------------------------------------------------------

target_of <- function(expr, whole, env, language) {
  if (is_call(expr, "(")) {
    return(target_of(expr[[2]], whole, env, language))
  }
  if (language == "data") {
    return(data_target(expr, whole, env))
  }
  if (is.name(expr)) {
    return(list(name = checked_name(as.character(expr), whole)))
  }
  if (is_call(expr, "field") && length(expr) == 2L) {
    return(list(name = checked_name(evaluate_value(expr[[2]], env), whole)))
  }
  if (is_pronoun(expr, ".data")) {
    name <- if (is_call(expr, "$")) as.character(expr[[3]]) else evaluate_value(expr[[3]], env)
    return(list(name = checked_name(name, whole)))
  }
  if (is.character(expr)) {
    refuse(
      paste0(shown(whole), " compares with a text on its left"),
      c(
        paste0("an attribute stands on the left, without quotes or in backticks: `", expr, "`"),
        if (is.name(whole[[3]])) {
          turned <- as.call(list(whole[[1]], whole[[3]], expr))
          paste0("or is ", shown(whole[[3]]), " the attribute? Then ", shown(turned))
        }
      )
    )
  }
  refuse(
    paste0("ODM compares attributes as they are: ", shown(expr), " cannot be asked"),
    c(
      "an attribute stands on the left and what it is compared with on the right",
      "a name that is in a variable is field(name)"
    )
  )
}

# `.data$x` and `.data[["x"]]`, as dplyr has them, and `.env` likewise.
is_pronoun <- function(expr, pronoun) {
  (is_call(expr, "$") || is_call(expr, "[[")) && length(expr) == 3L && identical(expr[[2]], as.name(pronoun))
}

data_target <- function(expr, whole, env) {
  known <- c("feature", "value")
  if (is.name(expr) && as.character(expr) %in% known) {
    return(list(target = as.character(expr)))
  }
  if (is.call(expr) && operator_of(expr) %in% known && length(expr) == 2L) {
    name <- checked_name(evaluate_value(expr[[2]], env), whole)
    return(list(target = operator_of(expr), name = name))
  }
  if (is_call(expr, "$") && is.name(expr[[2]]) && as.character(expr[[2]]) %in% known) {
    return(list(target = as.character(expr[[2]]), name = as.character(expr[[3]])))
  }
  refuse(
    paste0("conditions on data are about feature and value, not ", shown(expr)),
    if (is.name(expr)) paste0("a column of the data is feature(\"", expr, "\") or value(\"", expr, "\")")
  )
}

checked_name <- function(name, whole) {
  if (!is.character(name) || length(name) != 1L || is.na(name) || !nzchar(name)) {
    refuse(paste0("an attribute is named by one text that is not empty, in ", shown(whole)))
  }
  enc2utf8(name)
}

# ---- values ------------------------------------------------------------------

evaluate_value <- function(expr, env) {
  # What a value is made of is computed anyway, so dplyr's !! and .env say nothing more.
  while (is_call(expr, "!") && is_call(expr[[2]], "!")) expr <- expr[[2]][[2]]
  tryCatch(
    eval(expr, if (is_pronoun(expr, ".env")) list(.env = env) else env, env),
    error = function(error) {
      refuse(
        paste0("the value ", shown(expr), " cannot be computed: ", conditionMessage(error)),
        if (is.name(expr)) paste0("put a text in quotes, \"", expr, "\"; attributes stand on the left")
      )
    }
  )
}

evaluate_operand <- function(expr, env, language) {
  tryCatch(
    eval(expr, env),
    odm_error = function(error) stop(error),
    error = function(error) {
      example <- if (language == "data") "feature == \"CD19\"" else "Tissue == \"liver\""
      refuse(
        paste0("ODM cannot be asked ", shown(expr), ": ", conditionMessage(error)),
        c(
          paste0("a condition compares, as in ", example, "; ?odm_filter has the list"),
          if (is.name(expr) && exists(as.character(expr), env)) {
            "a function of yours gets a condition as a formula, ~ Age >= 40, or as odm_filter(Age >= 40)"
          }
        )
      )
    }
  )
}

# Write values as ODM compares them: text as it is, numbers in the fewest digits
# that give the same number back, dates in ISO 8601.
value_texts <- function(x, whole) {
  if (is.factor(x)) {
    return(enc2utf8(as.character(x)))
  }
  if (inherits(x, "Date")) {
    return(format(x, "%Y-%m-%d"))
  }
  if (inherits(x, "POSIXt")) {
    return(moment_texts(x))
  }
  if (is.character(x)) {
    return(enc2utf8(x))
  }
  if (is.logical(x) && !is.null(x)) {
    return(ifelse(x, "true", "false"))
  }
  if (inherits(x, "integer64")) {
    return(as.character(x))
  }
  if (is.numeric(x) && !is.object(x)) {
    if (any(!is.finite(x))) {
      refuse(paste0(shown(whole), " compares with ", x[!is.finite(x)][1], ", which is no value"))
    }
    return(number_texts(x))
  }
  refuse(paste0("a value is text, a number, a truth value or a date, not ", what_is(x), ", in ", shown(whole)))
}

number_texts <- function(x) {
  vapply(x, number_text, "", USE.NAMES = FALSE)
}

number_text <- function(x) {
  if (is.integer(x) || (x == trunc(x) && abs(x) < 1e15)) {
    return(sprintf("%.0f", x + 0))
  }
  for (digits in 15:17) {
    text <- sprintf("%.*g", digits, x)
    if (as.numeric(text) == x) {
      break
    }
  }
  text
}

moment_texts <- function(x) {
  x <- as.POSIXct(x)
  whole <- is.na(x) | as.numeric(x) == trunc(as.numeric(x))
  ifelse(
    whole,
    format(x, "%Y-%m-%dT%H:%M:%SZ", tz = "UTC"),
    format(x, "%Y-%m-%dT%H:%M:%OS6Z", tz = "UTC")
  )
}

# ---- pieces ------------------------------------------------------------------

# The name of what is called; dplyr::between is between.
operator_of <- function(expr) {
  called <- expr[[1]]
  if (is.call(called) && identical(called[[1]], quote(`::`))) {
    called <- called[[3]]
  }
  if (is.name(called)) as.character(called) else ""
}

is_call <- function(expr, name) is.call(expr) && identical(operator_of(expr), name)

is_number <- function(expr) {
  is.numeric(expr) || (is.call(expr) && operator_of(expr) %in% c("-", "+", "(") &&
    length(expr) == 2L && is_number(expr[[2]]))
}

shown <- function(expr) {
  text <- paste(trimws(deparse(expr, width.cutoff = 200L)), collapse = " ")
  if (nchar(text) > 80L) paste0(substr(text, 1L, 77L), "...") else text
}

refuse <- function(message, hint = NULL) odm_abort(message, "odm_query_error", hint)
