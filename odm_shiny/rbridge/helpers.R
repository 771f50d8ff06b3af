# R functions of the bridge. Python gives them values, never code; each is called through `guard`.
list(

  # Calls a function and turns what goes wrong into a value: an R error that crossed Python's frames
  # would end the process.
  guard = function(f, ...) {
    tryCatch(
      list("value", f(...)),
      error = function(e) {
        call <- conditionCall(e)
        list("error", conditionMessage(e), class(e),
             if (is.null(call)) "" else paste(deparse(call, nlines = 1L), collapse = ""))
      },
      interrupt = function(e) list("interrupt")
    )
  },

  # Strings that lie one behind the other, each closed by a zero byte. `missing` counts from 1.
  strings = function(bytes, n, missing) {
    x <- readBin(bytes, "character", n = n)
    Encoding(x) <- "UTF-8"
    if (length(missing)) x[missing] <- NA_character_
    x
  },

  # The way back, for strings of any encoding that R can translate.
  string_bytes = function(x) {
    x <- enc2utf8(as.vector(x))
    list(writeBin(x, raw()), which(is.na(x)))
  },

  # Distinct strings, and for each string the place of its like.
  distinct = function(x) {
    x <- as.vector(x)
    levels <- unique(x)
    list(levels, match(x, levels))
  },

  utf8 = function(x) enc2utf8(as.vector(x)),

  pick = function(levels, codes) levels[codes],

  # A list with the pieces of a vector; a missing length is NULL. `first` counts from 1.
  pieces = function(x, first, lengths) {
    out <- vector("list", length(lengths))
    for (i in which(!is.na(lengths))) out[[i]] <- x[seq.int(first[i], length.out = lengths[i])]
    out
  },

  # The way back: NULL has no length.
  unpieces = function(x) {
    missing <- vapply(x, is.null, NA)
    n <- lengths(x)
    n[missing] <- NA_integer_
    list(unlist(x, use.names = FALSE), n)
  },

  # What the elements of a list are, to see whether they can be laid one behind the other.
  kinds = function(x) {
    plain <- vapply(x, function(e) is.null(e) || (is.atomic(e) && is.null(attributes(e))), NA)
    list(all(plain), unique(vapply(x, typeof, "")))
  },

  as_posixct = function(x) as.POSIXct(x),

  time_zone = function() {
    zone <- Sys.timezone()
    if (is.null(zone) || is.na(zone)) "UTC" else zone
  },

  difference_in_seconds = function(x) as.double(x, units = "secs"),

  sparse = function(class, i, p, x, dim, dimnames) {
    if (!requireNamespace("Matrix", quietly = TRUE)) {
      stop("sparse matrices need R's package Matrix: install.packages(\"Matrix\")")
    }
    methods::new(methods::getClass(class, where = asNamespace("Matrix")),
                 i = i, p = p, x = x, Dim = dim, Dimnames = dimnames)
  },

  # Any sparse matrix of the package Matrix by columns, as its slots; NULL for what is none.
  unsparse = function(m) {
    if (!requireNamespace("Matrix", quietly = TRUE) || !methods::is(m, "sparseMatrix")) return(NULL)
    m <- methods::as(methods::as(m, "generalMatrix"), "CsparseMatrix")
    values <- if (methods::is(m, "nMatrix")) rep(TRUE, length(m@i)) else m@x
    list(m@i, m@p, values, m@Dim, m@Dimnames)
  },

  # A DataFrame of S4Vectors as a data.frame with its names as they are; NULL for what is none.
  plain_frame = function(x) {
    if (!methods::is(x, "DFrame")) return(NULL)
    columns <- as.list(x)
    names(columns) <- names(x)
    n <- nrow(x)
    labels <- rownames(x)
    attr(columns, "row.names") <- if (is.null(labels)) .set_row_names(n) else labels
    class(columns) <- "data.frame"
    columns
  },

  new_mailbox = function(option) {
    mailbox <- new.env(parent = emptyenv())
    do.call(options, structure(list(mailbox), names = option))
    mailbox
  },

  option = function(name) isTRUE(getOption(name)),

  # What quit() does with .Last, in a place where an error of it has nowhere to jump.
  last = function() {
    if (exists(".Last", globalenv(), mode = "function", inherits = FALSE)) {
      get(".Last", globalenv(), mode = "function")()
    }
    .Last.sys <- get0(".Last.sys", baseenv(), mode = "function")
    if (!is.null(.Last.sys)) .Last.sys()
    TRUE
  },

  class_of = function(x) class(x),

  is_a = function(x, class) methods::is(x, class),

  handle_of = function(x) list(x[["kind"]], x[["number"]], x[["session"]])
)
