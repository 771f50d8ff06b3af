"""Samples of a study against its template."""

from __future__ import annotations

PATH = "as-curator/integration/studies/{}/validation-summary"


def summary(odm, study):
    groups = odm.get(PATH.format(study))["samples"]
    return {
        group["groupAccession"]: {
            attribute["attributeName"]: [
                (one["value"], one["count"], [error["errorType"] for error in one["errors"]])
                for one in attribute["attributeInvalidValues"]
            ]
            for attribute in group["attributes"]
        }
        for group in groups
    }


def test_only_what_does_not_fit_is_listed(shown) -> None:
    assert summary(shown, shown.id["study"]) == {
        shown.id["samples"]: {
            "Sex": [("F", 1, ["SYNONYM_ATTRIBUTE"]), ("n.a.", 1, ["VOCABULARY_NOT_FOUND"])],
            "Age": [("about 50", 1, ["TYPE_NOT_MATCH"])],
        }
    }


def test_a_synonym_comes_with_the_label_that_was_meant(shown) -> None:
    (group,) = shown.get(PATH.format(shown.id["study"]))["samples"]
    (sex,) = [one for one in group["attributes"] if one["attributeName"] == "Sex"]
    message = sex["attributeInvalidValues"][0]["errors"][0]["errorMessage"]
    assert "is a synonym in the controlled vocabulary" in message
    assert "Did you mean one of [female]?" in message


def test_missing_attributes_and_values_are_told_apart(odm) -> None:
    study = odm.load("study", "Study Title\nsecond\n")
    with_column = odm.load(
        "samples",
        "Sample Source ID\tSample Source\tSex\nA\tx\tmale\nB\t\tmale\nC\t\tNot reported\n",
    )
    without = odm.load("samples", "Sample Source ID\tSex\nD\tmale\n")
    right = odm.load("samples", "Sample Source ID\tSample Source\nE\tx\n")
    for group in (with_column, without, right):
        odm.link(f"sample/group/{group}/to/study/{study}")
    assert summary(odm, study) == {
        with_column: {"Sample Source": [(None, 2, ["VALUE_NOT_SET"])]},
        without: {"Sample Source": [(None, 1, ["MISSING_ATTRIBUTE"])]},
    }


def test_values_are_texts_whatever_their_type(odm) -> None:
    accession = odm.ids("sample", odm.id["samples"])["S-1"]
    odm.ask("PATCH", f"as-curator/samples/{accession}", body={"Sex": 5, "Tissue": ["liver", True]})
    found = summary(odm, odm.id["study"])[odm.id["samples"]]
    assert ("5", 1, ["VOCABULARY_NOT_FOUND"]) in found["Sex"]
    assert all(
        value is None or isinstance(value, str)
        for values in found.values()
        for value, _, _ in values
    )


def test_an_edit_that_cures_leaves_the_summary(odm) -> None:
    samples = odm.ids("sample", odm.id["samples"])
    odm.ask("PATCH", f"as-curator/samples/{samples['S-3']}", body={"Sex": "female"})
    odm.ask("PATCH", f"as-curator/samples/{samples['S-5']}", body={"Sex": None, "Age": "50"})
    assert odm.get(PATH.format(odm.id["study"])) == {"samples": []}


def test_a_study_that_the_caller_may_not_see_is_404(shown) -> None:
    for study in (shown.id["secret study"], shown.id["samples"], "GSF999999"):
        assert shown.ask("GET", PATH.format(study)).status == 404
