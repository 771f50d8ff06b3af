"""How much of a document each level shows, and in which order."""

from __future__ import annotations

import pytest

from odm_shiny.server.shapes import EXTENDED, MINIMAL, ORIGINAL, Shape, default_level

DOCUMENT = {"Tissue": ["liver", "lung"], "BMI": "33.9", "Own": 1, "Empty": None, "Age": 52}
DEFAULT = ("Age", "Sex")
APPLIED = ("Own", "Tissue", "Dose")


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (MINIMAL, [("Age", 52), ("Sex", None)]),
        (EXTENDED, [("Own", 1), ("Tissue", ["liver", "lung"]), ("Dose", None)]),
        (
            ORIGINAL,
            [
                ("Own", 1),
                ("Tissue", ["liver", "lung"]),
                ("Dose", None),
                ("BMI", "33.9"),
                ("Age", 52),
            ],
        ),
    ],
)
def test_a_level_shows_its_attributes_in_order(level, shown) -> None:
    assert list(Shape(level, DEFAULT, APPLIED).of(DOCUMENT).items()) == shown


@pytest.mark.parametrize("level", [MINIMAL, EXTENDED, ORIGINAL])
def test_names_of_a_head_come_first_and_the_document_overrules_them(level) -> None:
    shape = Shape(level, ("id", "Age"), ("id", "Age"))
    assert list(shape.of({"Age": 52, "id": 7}, {"id": 1, "own": 2}).items())[:3] == [
        ("id", 7),
        ("own", 2),
        ("Age", 52),
    ]


def test_terms_replace_the_values_that_are_shown() -> None:
    shape = Shape(MINIMAL, DEFAULT, APPLIED, lambda name, value: (name, value))
    assert shape.of(DOCUMENT) == {"Age": ("Age", 52), "Sex": ("Sex", None)}


def test_curators_see_the_file_and_users_the_template_unless_they_say() -> None:
    assert default_level("curator") == ORIGINAL
    assert default_level("user") == EXTENDED
    assert default_level(None) == EXTENDED
