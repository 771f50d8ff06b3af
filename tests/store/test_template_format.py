"""Template files."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store.refusals import BadTemplate
from odm_shiny.store.template_format import (
    FEATURES,
    decode_attributes,
    encode_attributes,
    parse_attributes,
)

STRING = "com.genestack.api.metainfo.StringValue"


def rule(
    name: str = "Tissue", data_type: str = "genestack:sampleObject", **more: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": data_type,
        "metainfoType": STRING,
        "isRequired": False,
        **more,
    }


def test_fields_come_back_as_they_were_given() -> None:
    given = rule(isReadOnly=True, description="Où?", dictionaryName="Uberon", isSingle=True)
    _, attribute = parse_attributes([given])
    assert (attribute.name, attribute.is_read_only, attribute.is_required) == (
        "Tissue",
        True,
        False,
    )
    assert (attribute.description, attribute.dictionary_name) == ("Où?", "Uberon")
    again = decode_attributes(encode_attributes([attribute]))
    assert again == (attribute,)


def test_technical_attributes_are_put_in_their_places() -> None:
    tabular, facs = "genestack:transcriptomicsParent", "genestack:facsParent"
    attributes = parse_attributes(
        [
            rule("Values (numeric)", tabular, isReadOnly=True),
            rule("Scale", tabular),
            rule("genestack:accession", tabular, isReadOnly=True, description="own"),
            rule("Name", facs),
            rule("Tissue"),
        ]
    )
    names = {
        data_type: [a.name for a in attributes if a.data_type == data_type]
        for data_type in dict.fromkeys(a.data_type for a in attributes)
    }
    assert names == {
        tabular: ["genestack:accession", "Data Class", "Scale", *FEATURES],
        facs: ["genestack:accession", "Data Class", "Name"],
        "genestack:sampleObject": ["genestack:accession", "Tissue"],
    }
    first = attributes[0]
    assert first.description == "own"
    made = {a.name: a for a in attributes if a.data_type == tabular}
    assert made["Data Class"].is_required
    assert made["Data Class"].is_read_only
    assert not made["Features (string)"].is_required


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ({}, "a JSON array"),
        (["x"], "attribute 1 is not an object"),
        ([rule(), {"name": "x"}], "attribute 2 has no 'isRequired'"),
        ([rule(color="red")], "unknown field 'color'"),
        ([rule(isRequired="yes")], "attribute 1: Expected `bool`"),
        ([rule(metainfoType="Text")], "unknown metainfoType 'Text'"),
        ([rule(data_type="genestack:planet")], "unknown dataType 'genestack:planet'"),
        ([rule(description="x" * 501)], "more than 500"),
        ([rule(" ")], "needs a name"),
        ([rule("x" * 256)], "needs a name of 1 to 255"),
        ([rule(), rule()], "'Tissue' is there twice"),
    ],
)
def test_what_breaks_the_format_is_named(items: Any, complaint: str) -> None:
    with pytest.raises(BadTemplate, match=complaint):
        parse_attributes(items)
