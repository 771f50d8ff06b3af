"""Check which part of odm_shiny imports which.

Run as ``python tools/check_imports.py``; exits 1 and prints one line for each import that goes the
wrong way. The rules, checked on the source and not by importing:

- a part imports only the parts that `MAY_IMPORT` names for it, at the top or in a function;
- a module of `ALSO_MAY` imports what is named there, too;
- a library of `ONLY_IN` is imported only where it is named;
- `import odm_shiny` and the parts of `LIGHT` load none of the `HEAVY` libraries;
- no file imports itself in a circle. Circles through a function's import do not break Python, but
  are circles all the same and are reported as such.

A *part* is the folder or file right below ``odm_shiny/``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "odm_shiny"

BASE = frozenset({"errors", "contract", "terms", "__init__"})
PURE = BASE | {"query"}
FRAMES = PURE | {"frames", "formats", "analysis"}

# Who may import whom, besides itself. The way of the data: modules -> query -> client -> frames,
# and server -> store -> formats; `connect` alone joins the two.
MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "__init__": frozenset({"connect", "client", "query"}),
    "errors": frozenset(),
    "terms": frozenset({"errors"}),
    "contract": frozenset({"errors", "terms"}),
    "query": BASE,
    "frames": PURE,
    "formats": BASE | {"frames"},
    "analysis": BASE | {"frames"},
    "client": FRAMES,
    "store": PURE | {"formats", "frames"},
    "server": PURE | {"store", "formats", "frames", "analysis"},
    "connect": FRAMES | {"client", "server", "store", "demo"},
    "demo": FRAMES | {"client", "server", "store", "connect"},
    "rbridge": (FRAMES - {"analysis"}) | {"client", "connect", "demo"},
    "modules": FRAMES | {"client", "connect"},
    "testing": FRAMES | {"client", "server", "store", "connect", "demo"},
    "cli": FRAMES | {"client", "server", "store", "connect", "demo", "modules", "rbridge"},
}

# One door from the statistics to R, for those that are fitted there. The bridge imports nothing of
# the statistics, so that the door leads one way.
ALSO_MAY: Mapping[str, frozenset[str]] = {
    "odm_shiny.analysis.differential": frozenset({"rbridge"}),
}

ONLY_IN: Mapping[str, frozenset[str]] = {
    "rpy2": frozenset({"rbridge"}),
    "sqlalchemy": frozenset({"store", "server"}),
    "starlette": frozenset({"modules", "server"}),
    "uvicorn": frozenset({"server", "cli"}),
    "httpx": frozenset({"client", "server"}),
    "shiny": frozenset({"modules", "cli"}),
    "typer": frozenset({"cli"}),
    "rich": frozenset({"cli"}),
}

LIGHT = frozenset({"__init__", "errors", "terms", "contract", "query", "cli"})
HEAVY = frozenset(
    {"alembic", "anndata", "dask", "numba", "pandas", "plotly", "polars", "pyarrow", "scipy"}
    | {"shiny", "sqlalchemy", "starlette", "tensorstore", "uvicorn", "zarr"}
)


@dataclass(frozen=True)
class Import:
    """One import of one file: the module that imports, the name imported, the line, the place."""

    source: str
    target: str
    line: int
    at_top: bool


def module_name(path: Path, root: Path) -> str:
    """Turn ``odm_shiny/query/expr.py`` into ``odm_shiny.query.expr``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """Name the part of a module of the package: ``odm_shiny.query.expr`` is of ``query``."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def _is_type_checking(node: ast.AST) -> bool:
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _statements(tree: ast.AST, at_top: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """Give each import statement, and whether it runs when the file is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, at_top
        elif _is_type_checking(node):
            assert isinstance(node, ast.If)
            for branch in node.orelse:
                yield from _statements(branch, at_top)
        else:
            inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from _statements(node, at_top and not inside)


def _targets(node: ast.stmt, source: str, is_package: bool, known: frozenset[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert isinstance(node, ast.ImportFrom)
    base = node.module or ""
    if node.level:
        pieces = source.split(".")
        up = node.level - (1 if is_package else 0)
        base = ".".join([*pieces[: len(pieces) - up], *([node.module] if node.module else [])])
    # `from odm_shiny.query import expr` imports the module expr, not a name of the package.
    return [
        f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names
    ]


def imports_of(root: Path) -> list[Import]:
    """Read every import of the package below `root`; those for type checkers alone are left out."""
    files = {module_name(path, root): path for path in sorted((root / PACKAGE).rglob("*.py"))}
    known = frozenset(files)
    found = (
        Import(source, target, node.lineno, at_top)
        for source, path in files.items()
        for node, at_top in _statements(ast.parse(path.read_text(encoding="utf-8")))
        for target in _targets(node, source, path.name == "__init__.py", known)
    )
    return list(dict.fromkeys(found))


def wrong_directions(imports: Iterable[Import]) -> Iterator[str]:
    """Name the imports of a part by a part that may not import it."""
    for found in imports:
        if found.target.split(".")[0] != PACKAGE:
            continue
        source, target = part_of(found.source), part_of(found.target)
        if target in ALSO_MAY.get(found.source, frozenset()):
            continue
        if source not in MAY_IMPORT:
            yield f"{found.source}:{found.line}: part {source!r} has no rule in MAY_IMPORT"
        elif target != source and target not in MAY_IMPORT[source] and target != "__init__":
            yield f"{found.source}:{found.line}: {source} may not import {found.target}"


def misplaced_libraries(imports: Iterable[Import]) -> Iterator[str]:
    """Name the imports of a library outside its part, and of a heavy one by a light part."""
    for found in imports:
        library, part = found.target.split(".")[0], part_of(found.source)
        if library in ONLY_IN and part not in ONLY_IN[library]:
            places = ", ".join(sorted(ONLY_IN[library]))
            yield f"{found.source}:{found.line}: {library} is imported only in {places}"
        elif found.at_top and part in LIGHT and library in HEAVY:
            yield f"{found.source}:{found.line}: import {library} in the function that uses it"


def _reachable(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in edges.get(waiting.pop(), set()) - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def cycles(imports: Iterable[Import], *, only_top: bool) -> list[list[str]]:
    """Find the circles of modules: each a sorted list of modules that all lead to one another."""
    edges: dict[str, set[str]] = {}
    for found in imports:
        if found.target.split(".")[0] == PACKAGE and (found.at_top or not only_top):
            edges.setdefault(found.source, set()).add(found.target)
    reachable = {module: _reachable(module, edges) for module in edges}
    circles = {
        tuple(sorted(other for other in reached if module in reachable.get(other, set())))
        for module, reached in reachable.items()
        if module in reached
    }
    return [list(circle) for circle in sorted(circles)]


def problems(root: Path) -> list[str]:
    """List what is wrong with the imports of the package below `root`, one line each."""
    imports = imports_of(root)
    found = [*wrong_directions(imports), *misplaced_libraries(imports)]
    breaking = cycles(imports, only_top=True)
    found += [f"import circle: {' <-> '.join(circle)}" for circle in breaking]
    found += [
        f"circle through a function's import: {' <-> '.join(circle)}"
        for circle in cycles(imports, only_top=False)
        if circle not in breaking
    ]
    return found


def main() -> int:
    """Print the problems; 1 if there are any."""
    root = Path(__file__).resolve().parent.parent
    found = problems(root)
    for line in found:
        print(line)
    if not found:
        print(f"imports: {len(imports_of(root))} in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
