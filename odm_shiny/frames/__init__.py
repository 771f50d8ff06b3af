"""Results as tables and matrices: Arrow, pandas, polars, AnnData."""
