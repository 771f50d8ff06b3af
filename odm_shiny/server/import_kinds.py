"""What can be imported: words of the wire, names of jobs, what files must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ImportKind:
    """One kind of import.

    Attributes
    ----------
    word
        In the path: ``/jobs/import/<word>``.
    kind
        Kind of the object that comes out: a study, or a group.
    job_name
        Name of its jobs; `{format}` is filled in for data files.
    required
        Attributes that every record must have.
    unique
        Attributes of which no two records may share a value.
    result
        Key of the accession in the job's output.
    """

    word: str
    kind: str
    job_name: str
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    result: str = "groupAccession"

    @property
    def is_data(self) -> bool:
        """Whether it brings a matrix, not only metadata."""
        return self.kind == "expression_group"


IMPORT_KINDS: Final = {
    one.word: one
    for one in (
        ImportKind("study", "study", "IMPORT_STUDY_TSV", result="accession"),
        ImportKind(
            "samples",
            "sample_group",
            "IMPORT_SAMPLES_TSV",
            required=("Sample Source ID",),
            unique=("Sample Source ID",),
        ),
        ImportKind(
            "libraries",
            "library_group",
            "IMPORT_LIBRARIES_TSV",
            required=("Library ID", "Sample Source ID"),
            unique=("Library ID",),
        ),
        ImportKind(
            "preparations",
            "preparation_group",
            "IMPORT_PREPARATIONS_TSV",
            required=("Preparation ID", "Sample Source ID"),
            unique=("Preparation ID",),
        ),
        ImportKind("expression", "expression_group", "IMPORT_EXPRESSION_{format}"),
    )
}

#: ``dataClass`` of tabular data; "Other" if the caller names none.
DATA_CLASSES: Final = (
    "Bulk transcriptomics",
    "Single-cell transcriptomics",
    "Differential abundance (FC, pval, etc.)",
    "Pathway analysis",
    "Proteomics",
    "Single-cell proteomics",
    "Metabolomics",
    "Lipidomics",
    "Epigenomics",
    "DNA methylation",
    "Chemoinformatics",
    "Imaging features",
    "Gene panel data",
    "Biomarker data",
    "Physical measures",
    "Blood counts",
    "Other body fluid counts",
    "Long-read sequencing (Nanopore, PacBio)",
    "Flow Cytometry (FCS)",
    "Spatial transcriptomics",
    "Phenomics",
    "Copy number alterations",
    "Microbiome / Metagenomics",
    "Immune repertoire",
    "Genetic screens (CRISPR / RNAi)",
    "Cell imaging",
    "Document",
    "Other",
)
GCT_DATA_CLASS: Final = "Bulk transcriptomics"
OTHER_DATA_CLASS: Final = "Other"
