from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client.decode import new_items
from odm_shiny.errors import MalformedResponse
from odm_shiny.frames.items import PARTS, Items

OBJECTS = st.none() | st.dictionaries(st.sampled_from(["gene", "Ä", "n"]), st.integers(0, 2))
PAGES = st.lists(st.lists(OBJECTS, max_size=7), max_size=4)


def of_pages(pages: list[list[dict[str, int] | None]]) -> Items:
    items, number = new_items(), 0
    for page in pages:
        raws = [json.dumps(one).encode() for one in page]
        ids = [f"{number + place}-X" for place in range(len(page))]
        items.add(ids, [{"value": 1.5}] * len(page), dict.fromkeys(PARTS, raws))
        number += len(page)
    return items


@given(PAGES)
def test_each_row_has_its_own_objects_wherever_pages_end(pages):
    items = of_pages(pages)
    rows = [one or {} for page in pages for one in page]
    part = items.parts["feature"]
    assert [part.objects[code] for code in part.all_codes()] == rows
    assert [row["feature"] for row in items.rows(0, len(rows))] == rows
    assert len(items) == len(rows)


@given(PAGES)
def test_an_object_that_comes_again_is_decoded_once(pages):
    distinct = {json.dumps(one) for page in pages for one in page}
    assert len(of_pages(pages).parts["metadata"].objects) == len(distinct)


@given(PAGES)
def test_numbered_pages_give_the_same_as_raw_ones(pages):
    raw, numbered = of_pages(pages), new_items()
    for page in pages:
        distinct = {json.dumps(one).encode() for one in page}
        texts = [b'{"of": "no row"}', *sorted(distinct)]  # in another order than the rows
        codes = np.array([texts.index(json.dumps(x).encode()) for x in page], dtype=np.int32)
        ids = [f"{len(numbered) + place}-X" for place in range(len(page))]
        values = {"value": np.full(len(page), 1.5)}
        numbered.add_numbered(ids, values, dict.fromkeys(PARTS, (texts, codes)))
    assert numbered.rows(0, len(numbered)) == raw.rows(0, len(raw))
    assert numbered.parts["feature"].objects == raw.parts["feature"].objects


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"[1]", r"an object should stand here, not b'\[1\]'"), (b'{"a": tru}', "in b'{\"a\": tru}'")],
    ids=["no object", "no JSON"],
)
def test_the_part_that_is_wrong_is_named_among_good_ones(raw, said):
    items = new_items()
    raws = [b'{"gene": "TP53"}', raw, b'{"gene": "MDM2"}']
    with pytest.raises(MalformedResponse, match=said):
        items.add(["1-a", "1-b", "1-c"], [None] * 3, dict.fromkeys(PARTS, raws))
