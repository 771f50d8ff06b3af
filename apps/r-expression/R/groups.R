# Samples put into groups, and the test of whether the groups differ.

MAX_GROUPS <- 30L
MIN_N <- 3L
ALL_SAMPLES <- "(all samples)"
GROUP_BY_FIRST <- c("Cell Type", "Tumor Class", "Tissue", "Disease", "Sex")

# Attributes that split samples into groups that can be compared.
group_attributes <- function(samples) {
  makes_groups <- vapply(samples, function(column) {
    n_values <- length(unique(column[!is.na(column)]))
    if (is.numeric(column) && n_values > MAX_FACET_VALUES) {
      return(TRUE)
    }
    repeats <- n_values <= max(2, sum(!is.na(column)) / 2)
    n_values >= 2 && n_values <= MAX_FACET_VALUES && repeats
  }, NA)
  found <- setdiff(names(samples)[makes_groups], ACCESSION)
  c(intersect(GROUP_BY_FIRST, found), setdiff(found, GROUP_BY_FIRST))
}

# A factor with the group of each sample: quarters of a number with many values,
# else the values; NA for a sample without one, or in a group beyond the largest.
group_by <- function(column) {
  if (is.numeric(column) && length(unique(column)) > MAX_FACET_VALUES) {
    cuts <- unique(quantile(column, na.rm = TRUE))
    return(cut(column, cuts, include.lowest = TRUE, dig.lab = 4))
  }
  if (is.numeric(column)) {
    return(factor(column))
  }
  counts <- sort(table(column), decreasing = TRUE)
  factor(column, sort(names(counts)[seq_len(min(length(counts), MAX_GROUPS))]))
}

# Does the value differ between groups? Mann-Whitney U for two groups, exact where
# one has at most 8 values and none are tied; Kruskal-Wallis H for more.
compare <- function(values, groups) {
  keep <- !is.na(values) & !is.na(groups)
  values <- values[keep]
  groups <- droplevels(groups[keep])
  n <- table(groups)
  left_out <- names(n)[n < MIN_N]
  is_in <- !groups %in% left_out
  tested <- droplevels(groups[is_in])
  nothing <- function(note) list(test = NULL, note = note, left_out = left_out)
  if (nlevels(tested) < 2) {
    return(nothing(paste0("No test: fewer than two groups have at least ", MIN_N, " values.")))
  }
  if (length(unique(values[is_in])) == 1) {
    return(nothing("No test: every value is the same."))
  }
  parts <- split(values[is_in], tested)
  several <- length(parts) > 2
  p <- if (several) kruskal.test(parts)$p.value else rank_test(parts[[1]], parts[[2]])
  list(
    test = if (several) "Kruskal-Wallis H" else "Mann-Whitney U",
    p = p, n = sum(is_in), n_groups = length(parts), left_out = left_out,
    pairs = if (several && length(parts) <= 12) compare_pairs(parts)
  )
}

rank_test <- function(first, second) {
  is_exact <- min(length(first), length(second)) <= 8 && !anyDuplicated(c(first, second))
  wilcox.test(first, second, exact = is_exact)$p.value
}

compare_pairs <- function(parts) {
  pairs <- combn(names(parts), 2)
  p <- apply(pairs, 2, function(pair) {
    both <- parts[pair]
    if (length(unique(unlist(both))) == 1) 1 else rank_test(both[[1]], both[[2]])
  })
  data.frame(first = pairs[1, ], second = pairs[2, ], p = p, p_adjusted = p.adjust(p, "BH"))
}

# The test in a line.
sentence <- function(found) {
  if (is.null(found$test)) {
    return(found$note)
  }
  left_out <- paste(found$left_out, collapse = ", ")
  paste0(
    found$test, ": ", p_text(found$p), " (n = ", found$n, " in ", found$n_groups, " groups)",
    if (!is.null(found$pairs)) "; pairs: Mann-Whitney U, Benjamini-Hochberg corrected",
    if (nzchar(left_out)) paste0("; left out (n < ", MIN_N, "): ", left_out)
  )
}

p_text <- function(p) if (p < 1e-300) "p < 1e-300" else paste("p =", format_p(p))

format_p <- function(p) ifelse(p >= 0.001, formatC(p, 2, format = "g"), formatC(p, 1, format = "e"))

summarise <- function(values, groups) {
  parts <- split(values, groups)
  parts <- lapply(parts, function(part) part[!is.na(part)])
  parts <- parts[lengths(parts) > 0]
  each <- function(f) vapply(parts, f, 0, USE.NAMES = FALSE)
  data.frame(
    Group = names(parts),
    n = lengths(parts, use.names = FALSE),
    Median = each(median),
    Mean = each(mean),
    SD = each(sd),
    Q1 = each(function(part) quantile(part, 0.25)),
    Q3 = each(function(part) quantile(part, 0.75)),
    Minimum = each(min),
    Maximum = each(max)
  )
}
