"""The demo studies that are shipped: which files belong together, in which order, and why.

The files are made by ``tools/build_demo_data.py``. Values of different studies are on different
scales (log2 RMA, standardised log10, read counts): never pool them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from odm_shiny.errors import QueryError


@dataclass(frozen=True, slots=True)
class DemoMatrix:
    """One expression file and how to import it.

    Attributes
    ----------
    file, metadata_file
        Data frame TSV (gzip) and the TSV with its one metadata record, both in the study's folder.
    number_of_feature_attributes
        How many of the first columns describe the feature.
    measurement_separator
        Splits a column name into sample and measurement; None where there is one measurement.
    previous
        Position in ``DemoStudy.matrices`` of the file that this one is the next version of; None
        starts a chain.
    note
        What the file holds and, for a later version, why it differs.
    data_class
        ODM's data class.
    """

    file: str
    metadata_file: str
    number_of_feature_attributes: int
    note: str
    measurement_separator: str | None = None
    previous: int | None = None
    data_class: str = "Bulk transcriptomics"


@dataclass(frozen=True, slots=True)
class DemoGene:
    """A gene worth looking at first.

    Attributes
    ----------
    symbol
        As in the feature column ``gene`` of every matrix.
    note
        What there is to see.
    attribute, higher_in, lower_in
        A sample attribute and two of its values between which the mean differs in every version of
        the study's matrix; None where samples have no classes.
    """

    symbol: str
    note: str
    attribute: str | None = None
    higher_in: str | None = None
    lower_in: str | None = None


@dataclass(frozen=True, slots=True)
class DemoStudy:
    """One study: metadata files, matrices oldest version first, genes to start with.

    Attributes
    ----------
    name
        Folder of the study and its short name on the command line.
    title
        ``Study Title`` of the study file.
    """

    name: str
    title: str
    study_file: str
    samples_file: str
    matrices: tuple[DemoMatrix, ...]
    genes: tuple[DemoGene, ...]

    @property
    def folder(self) -> Traversable:
        """Folder that holds every file named here; a ``Path`` unless the package is zipped."""
        return files("odm_shiny.demo") / "data" / self.name


def demo_studies() -> tuple[DemoStudy, ...]:
    """Return the shipped studies, the one to show first at the front."""
    return _STUDIES


def demo_study(name: str) -> DemoStudy:
    """Return the shipped study of this name.

    Raises
    ------
    QueryError
        There is none; the message names those that there are.
    """
    for study in _STUDIES:
        if study.name == name:
            return study
    known = ", ".join(study.name for study in _STUDIES)
    raise QueryError(f"no demo study {name!r}: choose one of {known}")


_CHIARETTI = DemoStudy(
    name="chiaretti-all",
    title="Acute lymphoblastic leukemia, 128 patients (Chiaretti et al.)",
    study_file="ALL.study.tsv",
    samples_file="ALL.samples.tsv",
    matrices=(
        DemoMatrix(
            file="ALL.probes.expression.tsv.gz",
            metadata_file="ALL.probes.expression.tsv.tsv",
            number_of_feature_attributes=2,
            note="12,625 probes, log2 RMA; a gene may have several probes or a probe no gene",
        ),
        DemoMatrix(
            file="ALL.genes.expression.tsv.gz",
            metadata_file="ALL.genes.expression.tsv.tsv",
            number_of_feature_attributes=2,
            previous=0,
            note=(
                "8,728 genes: per symbol the probe that varies most (interquartile range), so that"
                " a gene is one row"
            ),
        ),
    ),
    genes=(
        DemoGene("CD19", "B-cell surface marker", "Cell Type", "B cell", "T cell"),
        DemoGene("CD3D", "part of the T-cell receptor", "Cell Type", "T cell", "B cell"),
        DemoGene("CD79B", "part of the B-cell receptor", "Cell Type", "B cell", "T cell"),
        DemoGene(
            "ABL1",
            "half of the fusion gene; its probes see the fused transcript",
            "Molecular Biology",
            "BCR/ABL",
            "NEG",
        ),
        DemoGene(
            "MEIS1",
            "switched on by the ALL1/AF4 fusion",
            "Molecular Biology",
            "ALL1/AF4",
            "NEG",
        ),
        DemoGene(
            "RPS4Y",
            "on the Y chromosome (RPS4Y1 today): shows whether recorded sexes are right",
            "Sex",
            "male",
            "female",
        ),
    ),
)

_GOLUB = DemoStudy(
    name="golub-leukemia",
    title="Acute lymphoblastic and myeloid leukemia (Golub et al. 1999)",
    study_file="golub.study.tsv",
    samples_file="golub.samples.tsv",
    matrices=(
        DemoMatrix(
            file="golub.expression.tsv.gz",
            metadata_file="golub.expression.tsv.tsv",
            number_of_feature_attributes=4,
            note="3,051 probes, log10, every array standardised to mean 0 and variance 1",
        ),
    ),
    genes=(
        DemoGene("CST3", "cystatin C, a myeloid marker", "Tumor Class", "AML", "ALL"),
        DemoGene("CD33", "myeloid surface marker", "Tumor Class", "AML", "ALL"),
        DemoGene("LYN", "tyrosine kinase of myeloid cells", "Tumor Class", "AML", "ALL"),
        DemoGene("TCF3", "transcription factor of early B cells", "Tumor Class", "ALL", "AML"),
        DemoGene("CD19", "B-cell surface marker", "Tumor Class", "ALL", "AML"),
    ),
)

_GTEX = DemoStudy(
    name="gtex-lung-chr21",
    title="GTEx V8 lung, genes of chromosome 21, 30 samples",
    study_file="GTEx.study.tsv",
    samples_file="GTEx.samples.tsv",
    matrices=(
        DemoMatrix(
            file="GTEx.count.expression.tsv.gz",
            metadata_file="GTEx.count.expression.tsv.tsv",
            number_of_feature_attributes=2,
            note="818 genes, read counts",
        ),
        DemoMatrix(
            file="GTEx.count-tpm.expression.tsv.gz",
            metadata_file="GTEx.count-tpm.expression.tsv.tsv",
            number_of_feature_attributes=3,
            measurement_separator=":",
            previous=0,
            note=(
                "the same counts, gene length and TPM added; TPM is relative to the reads on"
                " chromosome 21, so it compares genes here and nothing with other TPM"
            ),
        ),
    ),
    genes=(
        DemoGene("COL6A2", "collagen VI, the highest TPM of the chromosome in lung"),
        DemoGene("APP", "amyloid precursor protein"),
        DemoGene("SOD1", "superoxide dismutase 1"),
        DemoGene("TMPRSS2", "protease of airway cells"),
    ),
)

_STUDIES = (_CHIARETTI, _GOLUB, _GTEX)
