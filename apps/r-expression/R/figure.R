# The box plot.

COLOURS <- c(
  "#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#da8bc3", "#8c8c8c"
)
MAX_POINTS <- 5000L

box_figure <- function(values, groups, y_title, x_title) {
  keep <- !is.na(values) & !is.na(groups)
  data <- data.frame(value = values[keep], group = droplevels(groups[keep]))
  n <- table(data$group)
  levels(data$group) <- paste0(strwrap_each(levels(data$group)), "\nn = ", n)
  has_points <- nrow(data) <= MAX_POINTS
  is_slanted <- length(n) > 8
  jitter <- ggplot2::position_jitter(width = 0.2, height = 0, seed = 1)
  ggplot2::ggplot(data, ggplot2::aes(group, value, colour = group)) +
    ggplot2::geom_boxplot(outlier.shape = if (has_points) NA else 19, width = 0.6) +
    (if (has_points) ggplot2::geom_point(position = jitter, alpha = 0.5, size = 1.6)) +
    ggplot2::scale_colour_manual(values = rep_len(COLOURS, length(n)), guide = "none") +
    ggplot2::scale_y_continuous(labels = plain_numbers) +
    ggplot2::labs(x = x_title, y = y_title) +
    ggplot2::theme_minimal(base_size = 14) +
    ggplot2::theme(
      axis.title = ggplot2::element_text(size = 12),
      panel.grid.major.x = ggplot2::element_blank(),
      axis.text.x = ggplot2::element_text(
        angle = if (is_slanted) 45 else 0,
        hjust = if (is_slanted) 1 else 0.5
      )
    )
}

plain_numbers <- function(at) {
  ifelse(is.na(at), "", format(at, big.mark = ",", scientific = FALSE, trim = TRUE))
}

strwrap_each <- function(texts) {
  vapply(texts, function(text) paste(strwrap(text, 24), collapse = "\n"), "", USE.NAMES = FALSE)
}

# The figure in words, for who does not see it.
figure_text <- function(gene, summary) {
  parts <- paste0(summary$Group, ": n ", summary$n, ", median ", signif(summary$Median, 4))
  paste0("Box plot of ", gene, ". ", paste(parts, collapse = "; "))
}
