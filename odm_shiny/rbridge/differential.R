# Comparisons of every feature. Groups, covariates and samples have no names here, so that none of
# them has to be one that R's formulas can hold.
local({

  # What R remarks on the way, and what `work` returns.
  noted <- function(work) {
    notes <- character()
    keep <- function(condition, restart) {
      notes <<- c(notes, trimws(conditionMessage(condition)))
      invokeRestart(restart)
    }
    value <- withCallingHandlers(
      work,
      warning = function(condition) keep(condition, "muffleWarning"),
      message = function(condition) keep(condition, "muffleMessage")
    )
    list(value = value, notes = unique(notes))
  }

  told <- function(found, test, package) {
    list(
      table = found$value,
      notes = I(found$notes),
      test = paste0(test, " (", package, " ", utils::packageVersion(package), ")"),
      r = as.character(getRversion())
    )
  }

  # Rows of a table for all features, where it was made for some of them.
  spread <- function(table, is_in) {
    places <- rep(NA_integer_, length(is_in))
    places[is_in] <- seq_len(sum(is_in))
    table <- table[places, ]
    row.names(table) <- NULL
    table
  }

  list(

    is_installed = function(package) {
      suppressPackageStartupMessages(requireNamespace(package, quietly = TRUE))
    },

    # The last column of the design is the difference.
    limma = function(values, design, trend) {
      colnames(design) <- paste0("x", seq_len(ncol(design)))
      rownames(values) <- seq_len(nrow(values))
      measured <- rowSums(!is.na(values)) > 0
      found <- noted({
        fit <- limma::lmFit(values[measured, , drop = FALSE], design)
        fit <- limma::eBayes(fit[, ncol(design)], trend = trend)
        table <- data.frame(
          log2_fold_change = fit$coefficients[, 1],
          mean = fit$Amean,
          statistic = fit$t[, 1],
          p_value = fit$p.value[, 1],
          p_adjusted = stats::p.adjust(fit$p.value[, 1], "BH"),
          row.names = NULL
        )
        spread(table, measured)
      })
      told(found, "moderated t", "limma")
    },

    # Group 0 is the reference, group 1 is compared with it. Features that are not complete come
    # back as NA.
    deseq2 = function(counts, complete, groups, covariates, size_factors) {
      samples <- data.frame(group = factor(groups, sort(unique(groups))))
      for (name in names(covariates)) {
        column <- covariates[[name]]
        samples[[name]] <- if (is.integer(column)) factor(column) else column
      }
      design <- stats::reformulate(c(names(covariates), "group"))
      found <- noted({
        data <- DESeq2::DESeqDataSetFromMatrix(counts[complete, , drop = FALSE], samples, design)
        data <- DESeq2::DESeq(data, sfType = size_factors, quiet = TRUE)
        result <- DESeq2::results(data, contrast = c("group", "1", "0"))
        columns <- c(log2_fold_change = "log2FoldChange", mean = "baseMean", statistic = "stat",
                     p_value = "pvalue", p_adjusted = "padj")
        table <- as.data.frame(result)[columns]
        names(table) <- names(columns)
        spread(table, complete)
      })
      told(found, "Wald test", "DESeq2")
    }
  )
})
