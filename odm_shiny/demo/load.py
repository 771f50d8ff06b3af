"""Bring the demo studies into an ODM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import as_file
from pathlib import Path
from typing import TYPE_CHECKING

from odm_shiny.demo.studies import DemoStudy, demo_studies
from odm_shiny.errors import MalformedResponse

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.client.imports import Imported

Tell = Callable[[str], None]


def missing_studies(
    client: Client, studies: Sequence[DemoStudy] | None = None
) -> tuple[DemoStudy, ...]:
    """Return the demo studies that an ODM does not have, told by their titles."""
    wanted = demo_studies() if studies is None else tuple(studies)
    there = {study.get("Study Title") for study in client.studies.find().to_list()}
    return tuple(study for study in wanted if study.title not in there)


def load_study(client: Client, study: DemoStudy, *, tell: Tell | None = None) -> str:
    """Import one demo study with its samples and all versions of its matrices, and link them.

    Parameters
    ----------
    client
        Of a curator of an embedded ODM: a remote one takes a study only from a link.
    tell
        Called with a sentence at every step.

    Returns
    -------
    Accession of the study.
    """
    say = tell or _silent
    with as_file(study.folder) as folder:
        say(f"{study.title}: study and samples")
        accession = _accession(client.imports.study(folder / study.study_file))
        samples = _accession(client.imports.samples(folder / study.samples_file))
        client.links.create_groups("sample", samples, "study", accession)
        groups: list[str] = []
        for number, matrix in enumerate(study.matrices, 1):
            say(f"{study.title}: matrix {number} of {len(study.matrices)}, {matrix.note}")
            previous = None if matrix.previous is None else groups[matrix.previous]
            group = client.imports.expression(
                Path(folder, matrix.file),
                metadata=Path(folder, matrix.metadata_file),
                previous_version=previous,
                n_feature_columns=matrix.number_of_feature_attributes,
                measurement_separator=matrix.measurement_separator,
                data_class=matrix.data_class,
            )
            groups.append(_accession(group))
            client.links.create_groups("expression", groups[-1], "sample", samples)
    return accession


def _accession(imported: Imported) -> str:
    if imported.accession is None:
        raise MalformedResponse(f"job {imported.job} gave no accession")
    return imported.accession


def _silent(sentence: str) -> None:
    """Tell nobody."""
