"""Changes to many records, shown before they are made, and resumed where they stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from odm_shiny.client import decode
from odm_shiny.client.conditions import split
from odm_shiny.client.decode import Record
from odm_shiny.client.paging import MANY, JoinedPager, OffsetPager
from odm_shiny.client.resource import PAGE_LIMIT, Resource
from odm_shiny.client.session import curator_path
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import steps_method
from odm_shiny.errors import FrameError, OdmError, QueryError
from odm_shiny.frames.columns import text_form
from odm_shiny.query.nodes import Compare, any_of

if TYPE_CHECKING:
    import pandas as pd

ACCESSION = "genestack:accession"
_READ_ONLY = (ACCESSION, "groupId")
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute of one record.

    Attributes
    ----------
    accession, attribute
        What changes.
    old, new
        From what to what; ``None`` is unset.
    """

    accession: str
    attribute: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """Changes of many records, planned or made.

    Attributes
    ----------
    kind
        ``"samples"``, ``"studies"``, ``"libraries"`` or ``"preparations"``.
    changes
        What differs from what is there, record by record.
    unchanged
        Number of records that had the values already.
    done
        Accessions of the records that were changed.
    dry_run
        Nothing was sent.
    """

    kind: str
    changes: tuple[Change, ...]
    unchanged: int
    done: tuple[str, ...] = ()
    dry_run: bool = True

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a change: accession, attribute, old, new."""
        import pandas as pd

        rows = [(one.accession, one.attribute, one.old, one.new) for one in self.changes]
        return pd.DataFrame(rows, columns=["accession", "attribute", "old", "new"], dtype=object)

    def by_record(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give each record that differs and its new values."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.changes:
            found.setdefault(one.accession, {})[one.attribute] = one.new
        return iter(found.items())

    def __len__(self) -> int:
        return len(self.changes)

    def __str__(self) -> str:
        n_records = len({one.accession for one in self.changes})
        state = "would change" if self.dry_run else "changed"
        head = f"{state} {len(self.changes)} values of {n_records} {self.kind}"
        return f"{head}; {self.unchanged} have them already"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.accession)}</td><td>{escape(one.attribute)}</td>"
            f"<td>{_cell(one.old)}</td><td>{_cell(one.new)}</td></tr>"
            for one in self.changes[:_SHOWN]
        )
        more = len(self.changes) - _SHOWN
        note = f"; {more} more" if more > 0 else ""
        return (
            f"<table><caption>{escape(str(self))}{note}</caption><thead><tr><th>accession</th>"
            f"<th>attribute</th><th>old</th><th>new</th></tr></thead>{rows}</table>"
        )


class EditError(OdmError):
    """A change of many records stopped in the middle.

    Calling again with the same table goes on: records that have their values are skipped.

    Attributes
    ----------
    edit
        What was done: ``edit.done`` lists the records.
    accession
        The record at which it stopped.
    """

    def __init__(self, message: str, *, edit: Edit, accession: str) -> None:
        super().__init__(message)
        self.edit = edit
        self.accession = accession


@dataclass(frozen=True, slots=True)
class _Wanted:
    """New values by record, and the name of the column that names the records."""

    key: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


class EditMethods(Resource):
    """Change many records from a table."""

    @steps_method
    def patch_samples(
        self, frame: Any, *, key: str = ACCESSION, dry_run: bool = False
    ) -> Steps[Edit]:
        """Change samples.

        Parameters
        ----------
        frame
            A pandas, polars or Arrow table, or a list of dicts: one row a sample, the column `key`
            and the attributes to set. ``None`` in a column removes the attribute; NaN too. A cell
            that equals what is there changes nothing.
        key
            Column that tells the sample: its accession, or another attribute with one value a
            sample.
        dry_run
            Send nothing, only say what would change.

        Returns
        -------
        What changed, to look at; one request and one new version a sample.

        Raises
        ------
        FrameError
            The table has no such column, a row has no key, or two rows have the same.
        QueryError
            A key fits no sample, or several.
        EditError
            A request failed in the middle; `.edit.done` lists what was changed. Call again to go
            on.
        """
        return (yield from self._patch("samples", frame, key, dry_run=dry_run))

    @steps_method
    def patch_studies(
        self, frame: Any, *, key: str = ACCESSION, dry_run: bool = False
    ) -> Steps[Edit]:
        """Change studies; as `patch_samples`."""
        return (yield from self._patch("studies", frame, key, dry_run=dry_run))

    @steps_method
    def patch_libraries(
        self, frame: Any, *, key: str = ACCESSION, dry_run: bool = False
    ) -> Steps[Edit]:
        """Change libraries; as `patch_samples`."""
        return (yield from self._patch("libraries", frame, key, dry_run=dry_run))

    @steps_method
    def patch_preparations(
        self, frame: Any, *, key: str = ACCESSION, dry_run: bool = False
    ) -> Steps[Edit]:
        """Change preparations; as `patch_samples`."""
        return (yield from self._patch("preparations", frame, key, dry_run=dry_run))

    def _patch(self, plural: str, frame: Any, key: str, *, dry_run: bool) -> Steps[Edit]:
        wanted = wanted_values(frame, key)
        present = yield from self._present(plural, wanted)
        edit = difference(plural, wanted.rows, present)
        if dry_run:
            return edit
        done: list[str] = []
        for accession, changes in edit.by_record():
            path = curator_path(f"/{plural}/{{}}", accession)
            try:
                yield from self.session.send("PATCH", path, decode.status, body=changes, accept=())
            except OdmError as exc:
                partly = Edit(plural, edit.changes, edit.unchanged, tuple(done), dry_run=False)
                raise EditError(
                    f"stopped at {accession} after {len(done)} {plural}: {exc}\nCall again with "
                    "the same table to go on.",
                    edit=partly,
                    accession=accession,
                ) from exc
            done.append(accession)
        return Edit(plural, edit.changes, edit.unchanged, tuple(done), dry_run=False)

    def _present(self, plural: str, wanted: _Wanted) -> Steps[dict[str, Record]]:
        """Return the records that the keys name, by key."""
        if not wanted.rows:
            return {}
        path = self.session.read_path(f"/{plural}")
        condition = any_of(Compare(wanted.key, "=", name) for name in wanted.rows)
        parameters = {"filter": condition, "returnedMetadataFields": self.session.detail("all")}

        def pager(one: dict[str, Any]) -> OffsetPager:
            def fetch(offset: int, size: int) -> Steps[decode.Page]:
                asked = {**one, "pageLimit": size, "pageOffset": offset}
                return self.session.get_at(path, decode.page, parameters=asked)

            return OffsetPager(fetch, page_limit=PAGE_LIMIT)

        joined = JoinedPager([pager(one) for one in split(parameters)])
        found: dict[str, Record] = {}
        while not joined.done:
            for page in (yield from joined.batch(ahead=MANY)):
                for record in page.data:
                    _take(found, record, wanted, plural)
        missing = [name for name in wanted.rows if name not in found]
        if missing:
            shown = ", ".join(missing[:5])
            raise QueryError(
                f"{len(missing)} of {len(wanted.rows)} {plural} are not there: {wanted.key} {shown}"
            )
        return found


def wanted_values(frame: Any, key: str) -> _Wanted:
    """Read a table of new values.

    Raises
    ------
    FrameError
        No column `key`, a row without it, or two rows with the same.
    """
    wanted = _Wanted(key)
    for number, row in enumerate(_rows(frame), 1):
        if key not in row:
            raise FrameError(f"the table has no column {key!r}: key= names the one to use")
        name = text_form(_plain(row[key]))
        if not name:
            raise FrameError(f"row {number} has no {key}")
        if name in wanted.rows:
            raise FrameError(f"two rows have {key} {name}")
        wanted.rows[name] = {
            str(attribute): _plain(value)
            for attribute, value in row.items()
            if attribute != key and attribute not in _READ_ONLY
        }
    return wanted


def difference(
    kind: str, wanted: Mapping[str, Mapping[str, Any]], present: Mapping[str, Record]
) -> Edit:
    """Say what differs between the values wanted and those that are there."""
    changes: list[Change] = []
    unchanged = 0
    for name, values in wanted.items():
        record = present[name]
        accession = str(record.get(ACCESSION) or name)
        different = [
            Change(accession, attribute, record.get(attribute), value)
            for attribute, value in values.items()
            if not _same(record.get(attribute), value)
        ]
        changes += different
        unchanged += not different
    return Edit(kind, tuple(changes), unchanged)


def _same(old: Any, new: Any) -> bool:
    if old == new or (old in (None, "", []) and new in (None, "", [])):
        return True
    if isinstance(old, list) != isinstance(new, list):
        pair = old if isinstance(old, list) else new
        other = new if isinstance(old, list) else old
        return len(pair) == 1 and _same(pair[0], other)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    # The server turns "53" into 53 where the template says number.
    return old is not None and new is not None and text_form(old) == text_form(new)


def _take(found: dict[str, Record], record: Record, wanted: _Wanted, plural: str) -> None:
    value = record.get(wanted.key)
    for one in value if isinstance(value, list) else [value]:
        name = text_form(one)
        if name is None or name not in wanted.rows:
            continue
        if name in found and found[name].get(ACCESSION) != record.get(ACCESSION):
            raise QueryError(
                f"two {plural} have {wanted.key} {name}: use {ACCESSION} to tell them apart"
            )
        found[name] = record


def _rows(frame: Any) -> list[Mapping[str, Any]]:
    if hasattr(frame, "to_pylist"):
        rows: list[Mapping[str, Any]] = frame.to_pylist()
        return rows
    if hasattr(frame, "to_dicts"):
        rows = frame.to_dicts()
        return rows
    if hasattr(frame, "to_dict") and hasattr(frame, "columns"):
        rows = frame.to_dict("records")
        return rows
    if isinstance(frame, Mapping):
        raise FrameError("a table is wanted: one dict a row, in a list")
    return list(frame)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist") and not isinstance(value, str | bytes):
        value = value.tolist()  # numpy's scalars and arrays
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    # pandas' NA and NaT compare equal to nothing, not even to themselves.
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def _cell(value: Any) -> str:
    return "<i>unset</i>" if value is None else escape(str(text_form(value))[:80])


__all__ = ["Change", "Edit", "EditError", "EditMethods", "difference"]
