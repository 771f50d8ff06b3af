"""Templates: what is expected of the metadata of each kind of object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from odm_shiny.store import counters
from odm_shiny.store.clock import now_ms
from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import DATA_TYPES
from odm_shiny.store.link_graph import study_of
from odm_shiny.store.objects import by_ids
from odm_shiny.store.refusals import NotPossible, NotStored
from odm_shiny.store.schema import templates
from odm_shiny.store.template_format import (
    TECHNICAL,
    TemplateAttribute,
    decode_attributes,
    encode_attributes,
    parse_attributes,
)

if TYPE_CHECKING:
    from odm_shiny.store.lean_reads import Shown


@dataclass(frozen=True)
class Template:
    """A template.

    Attributes
    ----------
    accession, name
        What it is known by.
    is_default
        Whether it holds where no other one is named; exactly one template is.
    attributes
        All its rules, data type by data type, in order.
    """

    accession: str
    name: str
    is_default: bool
    attributes: tuple[TemplateAttribute, ...]

    def of_kind(self, kind: str) -> tuple[TemplateAttribute, ...]:
        """Rules for objects of a kind, in order; none for kinds that templates do not cover."""
        return self._by_type.get(DATA_TYPES.get(kind, ""), ())

    def attribute(self, kind: str, name: str) -> TemplateAttribute | None:
        """The rule for one attribute of a kind; ``None`` for an attribute outside the template."""
        return self._by_name.get((DATA_TYPES.get(kind, ""), name))

    def is_read_only(self, kind: str, name: str) -> bool:
        """Whether an attribute must not be edited; technical ones never are."""
        rule = self.attribute(kind, name)
        return name in TECHNICAL or (rule is not None and rule.is_read_only)

    @cached_property
    def _by_type(self) -> dict[str, tuple[TemplateAttribute, ...]]:
        types = dict.fromkeys(attribute.data_type for attribute in self.attributes)
        return {
            data_type: tuple(a for a in self.attributes if a.data_type == data_type)
            for data_type in types
        }

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], TemplateAttribute]:
        return {(attribute.data_type, attribute.name): attribute for attribute in self.attributes}


def add_template(
    tx: Tx,
    name: str,
    items: Any,
    *,
    owner_id: int,
    is_default: bool = False,
) -> Template:
    """Store a new template.

    Parameters
    ----------
    items
        Decoded JSON of a template file.

    Raises
    ------
    BadTemplate
        It breaks the format; see `odm_shiny.store.template_format`.
    """
    tx.must_write()
    if not name.strip():
        raise NotPossible("a template needs a name")
    attributes = parse_attributes(items)
    now = now_ms()
    accession = counters.next_accession(tx)
    tx.conn.execute(
        insert(templates).values(
            id=counters.next_number(tx, counters.TEMPLATE),
            accession=accession,
            name=name.strip(),
            is_default=False,
            owner_id=owner_id,
            created_at=now,
            updated_at=now,
            attributes=encode_attributes(attributes),
        )
    )
    if is_default:
        set_default(tx, accession)
    return get_template(tx, accession)


def replace_attributes(tx: Tx, accession: str, items: Any, *, data_type: str | None) -> Template:
    """Replace the rules of one data type, or of all (``None``), by those of a template file."""
    tx.must_write()
    old = get_template(tx, accession)
    new = parse_attributes(items)
    if data_type is not None:
        strangers = {attribute.data_type for attribute in new} - {data_type}
        if strangers:
            raise NotPossible(f"rules of {min(strangers)} were given for {data_type}")
        new = _spliced(old.attributes, new, data_type)
    tx.conn.execute(
        update(templates)
        .where(templates.c.accession == accession)
        .values(attributes=encode_attributes(new), updated_at=now_ms())
    )
    return get_template(tx, accession)


def set_default(tx: Tx, accession: str) -> None:
    """Make a template the one that holds where no other is named."""
    tx.must_write()
    get_template(tx, accession)
    tx.conn.execute(update(templates).values(is_default=templates.c.accession == accession))


def delete_template(tx: Tx, accession: str) -> None:
    """Remove a template; objects that named it fall back to the default one."""
    tx.must_write()
    if get_template(tx, accession).is_default:
        raise NotPossible(
            "Default template could not be deleted from the system. Please, set another template "
            "as default and try again."
        )
    tx.conn.execute(delete(templates).where(templates.c.accession == accession))


def list_templates(tx: Tx) -> list[Template]:
    """All templates in order of creation."""
    return [_template(row) for row in tx.conn.execute(select(templates).order_by(templates.c.id))]


def get_template(tx: Tx, accession: str) -> Template:
    """A template by accession; `NotStored` if there is none."""
    row = tx.conn.execute(select(templates).where(templates.c.accession == accession)).one_or_none()
    if row is None:
        raise NotStored(f"no template {accession!r}")
    return _template(row)


def default_template(tx: Tx) -> Template:
    """The template that holds where no other is named."""
    row = tx.conn.execute(select(templates).where(templates.c.is_default)).one_or_none()
    if row is None:
        raise NotStored("the store has no default template")
    return _template(row)


def applied_templates(tx: Tx, records: Iterable[Shown]) -> dict[int, Template]:
    """Object id -> the template that holds for it.

    That is the template of its study once it is linked to one, else the one named at its own
    import, else the default one; a template that was deleted counts as not named.
    """
    wanted = list(records)
    studies = study_of(tx, wanted)
    named = {study.id: study.template for study in by_ids(tx, sorted(set(studies.values())))}
    known = {template.accession: template for template in list_templates(tx)}
    default = default_template(tx)
    applied = {}
    for record in wanted:
        name = named[studies[record.id]] if record.id in studies else record.template
        applied[record.id] = known.get(name or "", default)
    return applied


def _spliced(
    old: tuple[TemplateAttribute, ...], new: tuple[TemplateAttribute, ...], data_type: str
) -> tuple[TemplateAttribute, ...]:
    """Put the new rules of one data type where its old ones were, else at the end."""
    types = dict.fromkeys([*(attribute.data_type for attribute in old), data_type])
    kept = {name: [a for a in old if a.data_type == name] for name in types}
    kept[data_type] = list(new)
    return tuple(attribute for name in types for attribute in kept[name])


def _template(row: Any) -> Template:
    return _parsed(row.accession, row.name, bool(row.is_default), row.attributes)


@lru_cache(maxsize=64)
def _parsed(accession: str, name: str, is_default: bool, attributes: str) -> Template:
    return Template(accession, name, is_default, decode_attributes(attributes))
