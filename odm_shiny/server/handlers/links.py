"""Make and remove links: by kind, group by group or one by one, and the generic endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.contract.messages import Reply
from odm_shiny.server.link_refusals import told_to
from odm_shiny.server.link_types import KIND_OF_TYPE, TYPE_OF_KIND, kind_of_type, type_pairs
from odm_shiny.server.paging import Page, link_page_of
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.template_book import TemplateBook
from odm_shiny.server.visibility import is_visible, not_found, visible_record
from odm_shiny.server.wire import Problem, empty, json_reply
from odm_shiny.store import link_rules, links, objects
from odm_shiny.store.kinds import GROUP_OF
from odm_shiny.store.link_lists import linked_objects
from odm_shiny.store.objects import Record
from odm_shiny.store.refusals import NotPossible

if TYPE_CHECKING:
    from odm_shiny.store.engine import Tx

#: Words of the wire for (source, target); every pair has a form for groups and one for objects.
LINKABLE: Final = (
    ("sample", "study"),
    ("library", "sample"),
    ("preparation", "sample"),
    ("expression", "sample"),
    ("expression", "library"),
    ("expression", "preparation"),
)


def _register(source: str, target: str) -> None:
    target_group = GROUP_OF.get(target, target)
    group_word = f"{target}/group" if target in GROUP_OF else target
    pairs = (
        (f"{source}/{{sourceId}}/to/{target}/{{targetId}}", source, target),
        (
            f"{source}/group/{{sourceId}}/to/{group_word}/{{targetId}}",
            GROUP_OF[source],
            target_group,
        ),
    )
    for path, source_kind, target_kind in pairs:
        handles(f"POST /integration/link/{path}")(_linker(source_kind, target_kind))
        handles(f"DELETE /integration/link/{path}")(_unlinker(source_kind, target_kind))


def _linker(source_kind: str, target_kind: str) -> Callable[[Call], Reply]:
    def link(call: Call) -> Reply:
        with call.service.store.write() as tx:
            source, target = _ends(call, tx, source_kind, target_kind)
            with told_to(call, tx, source, target):
                if source_kind not in GROUP_OF.values():
                    links.link_objects(tx, source, target)
                    return empty(204)
                made = links.link_groups(
                    tx, source, target, target_key=_linking_attribute(call, tx, target)
                )
        return empty(200 if made.unmatched else 204)

    return link


def _unlinker(source_kind: str, target_kind: str) -> Callable[[Call], Reply]:
    def unlink(call: Call) -> Reply:
        with call.service.store.write() as tx:
            source, target = _ends(call, tx, source_kind, target_kind)
            with told_to(call, tx, source, target):
                links.unlink(tx, source, target)
        return empty(204)

    return unlink


def _ends(call: Call, tx: Tx, source_kind: str, target_kind: str) -> tuple[Record, Record]:
    return (
        visible_record(call, tx, call.path["sourceId"], (source_kind,)),
        visible_record(call, tx, call.path["targetId"], (target_kind,)),
    )


def _linking_attribute(call: Call, tx: Tx, target: Record) -> str | None:
    """The attribute of the target asked for, which must be one of its template."""
    name: str | None = call.query.get("linkingAttribute")
    if not name or name == link_rules.SAMPLE_KEY:
        return None
    book = TemplateBook(tx)
    known = book.names(book.applied([target])[0], "sample")
    if name not in known:
        raise Problem(
            400,
            f"linkingAttribute: {name!r} is no attribute of samples in the study's template; "
            f"it has: {', '.join(known)}",
        )
    return name


# ---- the generic endpoint ---------------------------------------------------------------------


@handles("POST /links")
def save_links(call: Call) -> Reply:
    """Link every pair, all or none; 201 if any link is new."""
    n_new = 0
    with call.service.store.write() as tx:
        for number, pair in enumerate(call.body or [], start=1):
            n_new += _save_pair(call, tx, pair, number)
    return empty(201 if n_new else 200)


@handles("DELETE /links")
def delete_link(call: Call) -> Reply:
    """Remove the link of two objects; either order."""
    with call.service.store.write() as tx:
        first = _end(call, tx, call.query["firstId"], call.query.get("firstType"))
        second = _end(call, tx, call.query["secondId"], call.query.get("secondType"))
        source, target = _ordered(first, second)
        with told_to(call, tx, source, target):
            links.unlink(tx, source, target)
    return empty(204)


@handles("GET /links")
def list_links(call: Call) -> dict[str, Any]:
    """Links of one object; with `secondId` the one link, if it is there."""
    page = link_page_of(call)
    with call.service.store.read() as tx:
        first = _end(call, tx, call.query["firstId"], call.query.get("firstType"))
        second_id = call.query.get("secondId")
        found = _links_of(call, tx, first, call.query.get("secondType"), second_id)
        return page.envelope(page.cut(found), len(found))


@handles("POST /links/get-batch")
def list_links_of_many(call: Call) -> dict[str, Any]:
    """Links of several objects of one type."""
    body = call.body or {}
    offset, limit = body.get("offset"), body.get("limit")
    page = Page(offset or 0, 1000 if limit is None else limit)
    with call.service.store.read() as tx:
        found = [
            link
            for public_id in body.get("firstIds") or []
            for link in _links_of(call, tx, _end(call, tx, public_id, body.get("firstType")))
        ]
        return page.envelope(page.cut(found), len(found))


@handles("GET /data-types")
def list_types(call: Call) -> Reply:
    """Names of the types that can be linked."""
    return json_reply(list(KIND_OF_TYPE))


@handles("GET /data-types/links")
def list_type_pairs(call: Call) -> Reply:
    """Pairs of types that can be linked."""
    wanted = call.query.get("type")
    if wanted is not None:
        kind_of_type(wanted)
    pairs = [pair for pair in type_pairs() if wanted is None or wanted in pair]
    return json_reply([{"firstType": first, "secondType": second} for first, second in pairs])


def _save_pair(call: Call, tx: Tx, pair: dict[str, Any], number: int) -> int:
    for name in ("firstId", "secondId"):
        if not pair.get(name):
            raise Problem(400, f"link {number}: {name} is missing")
    first = _end(call, tx, pair["firstId"], pair.get("firstType"))
    second = _end(call, tx, pair["secondId"], pair.get("secondType"))
    source, target = _ordered(first, second)
    with told_to(call, tx, source, target):
        if links.is_group_link(source, target):
            return links.link_groups(tx, source, target).n_new
        return int(links.link_objects(tx, source, target))


def _end(call: Call, tx: Tx, public_id: str, type_name: str | None) -> Record:
    if type_name is None:
        found = objects.get_many(tx, [public_id])
        if not found or not is_visible(call, tx, found[0]):
            raise not_found(public_id, ("object",))
        return found[0]
    return visible_record(call, tx, public_id, (kind_of_type(type_name),))


def _ordered(first: Record, second: Record) -> tuple[Record, Record]:
    """The pair as (source, target): a link has no direction on this endpoint."""
    pairs = set(link_rules.pairs_of_kinds())
    for source, target in ((first, second), (second, first)):
        if (source.kind, target.kind) in pairs:
            return source, target
    raise NotPossible(
        f"{TYPE_OF_KIND[first.kind]} {first.public_id} and "
        f"{TYPE_OF_KIND[second.kind]} {second.public_id} are of types that cannot be linked"
    )


def _links_of(
    call: Call, tx: Tx, first: Record, second_type: str | None = None, second_id: str | None = None
) -> list[dict[str, str]]:
    wanted = kind_of_type(second_type) if second_type else None
    # A study lists its sample groups; the samples themselves only when they are asked for.
    is_list = first.kind == "study" and wanted is None and second_id is None
    hidden = "sample" if is_list else None
    return [
        {
            "firstId": first.public_id,
            "firstType": TYPE_OF_KIND[first.kind],
            "secondId": second.public_id,
            "secondType": TYPE_OF_KIND[second.kind],
        }
        for second in linked_objects(tx, first)
        if (wanted is None or second.kind == wanted)
        and (second_id is None or second.public_id == second_id)
        and second.kind != hidden
        and is_visible(call, tx, second)
    ]


for _source, _target in LINKABLE:
    _register(_source, _target)
