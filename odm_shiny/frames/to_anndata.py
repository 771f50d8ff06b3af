"""Matrices as AnnData."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.errors import MissingDependency

if TYPE_CHECKING:
    import anndata
    import pandas as pd

    from odm_shiny.frames.matrix import ExpressionMatrix


def to_anndata(matrix: ExpressionMatrix) -> anndata.AnnData:
    """Return a matrix as AnnData: `X`, `obs` and `var` as they are, ``X`` not copied.

    Attributes with values of several kinds are text, lists are text joined by ``|`` (the separator
    of ODM's own tables), so that the result can be written to h5ad. Notes about columns are in
    ``uns["notes"]``, where the values are from in ``uns["odm"]``.

    Raises
    ------
    MissingDependency
        anndata is not installed.
    """
    try:
        import anndata
    except ImportError as exc:
        message = 'anndata is not installed: pip install "odm-shiny[anndata]"'
        raise MissingDependency(message) from exc
    notes = {**matrix.obs.attrs.get("notes", {}), **matrix.var.attrs.get("notes", {})}
    result = anndata.AnnData(X=matrix.X, obs=_writable(matrix.obs), var=_writable(matrix.var))
    if notes:
        result.uns["notes"] = notes
    if matrix.source:
        result.uns["odm"] = dict(matrix.source)
    return result


def _writable(frame: pd.DataFrame) -> pd.DataFrame:
    # h5ad's writer refuses lists, columns without any value, truth values with missing ones, and
    # "/" in the name of a column: the values are changed, names are left for the user to see.
    result = frame.copy(deep=False)
    result.index = result.index.astype(str)
    result.index.name = None
    for name in result.columns:
        column = result[name]
        if column.dtype == object:
            result[name] = _written(column)
    result.attrs = {}
    return result


def _written(column: pd.Series[Any]) -> pd.Series[Any]:
    known = column.dropna()
    if known.empty:
        return column.astype("category")
    if all(isinstance(value, bool) for value in known):
        return column.astype("boolean")
    return column.map(_as_text).astype(object)


def _as_text(value: object) -> object:
    if isinstance(value, list):
        return "|".join(str(item).replace("|", "||") for item in value if item is not None)
    return value
