"""The Golub et al. (1999) training set: 38 leukemias, 3,051 probes, as in the package multtest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from .tables import number, read_table, write_matrix, write_records

DECIMALS = 5  # the package holds no more
PAPER = "https://doi.org/10.1126/science.286.5439.531"
FEATURES = ["probe", "gene", "description", "chip_index"]
CLASSES = {"0": ("ALL", "acute lymphoblastic leukemia"), "1": ("AML", "acute myeloid leukemia")}

# Words that say that the symbol before them is the thing itself ("PLK mRNA"); other words make it
# part of a longer name ("TNF receptor associated factor 6").
NOUNS = frozenset({"gene", "mrna", "protein", "antigen"})

# The symbol names another gene than the words after it, by their own accession or meaning.
CONTRADICTORY = frozenset(
    {
        "LGALS1 Ubiquinol-cytochrome c reductase core protein II",  # on three unrelated probes
        "CDC42 GTPase-activating protein mRNA, partial cds",  # the protein acts on CDC42
        "APS Prostate specific antigen",  # KLK3; APS is an adaptor protein in hgu95Asym
        "RPS13 RNA polymerase II polypeptide B (140 kD)",  # POLR2B
    }
)


def build(text: Path, out: Path) -> None:
    """Write the study, its samples and its matrix to ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    write_records(out / "golub.study.tsv", [_study()])
    _, classes = read_table(text / "golub.classes.tsv")
    samples = [_sample(at, code) for at, (code,) in enumerate(classes, start=1)]
    write_records(out / "golub.samples.tsv", samples)
    _, rows = read_table(text / "golub.expression.tsv")
    known = {gene for _, gene, *_ in read_table(text / "all.expression.tsv")[1]} - {""}
    names = [sample["Sample Source ID"] for sample in samples]
    cells = (_row(row, known) for row in rows)
    write_matrix(out / "golub.expression.tsv.gz", FEATURES, names, cells)
    write_records(out / "golub.expression.tsv.tsv", [_signal()])


def symbol_of(description: str, known: Collection[str]) -> str:
    """Return the gene symbol that a description starts with, or an empty text.

    Descriptions come in several styles; only three hold a symbol safely: the symbol alone, the
    symbol before a capitalised name (``FAH Fumarylacetoacetate``), and the symbol before one of
    ``NOUNS`` (``CD19 gene``). It must be a symbol of ``known``. Symbols in parentheses are not
    taken: ``Amphiregulin (AR) gene`` is not AR.
    """
    symbol, _, rest = description.strip().partition(" ")
    if symbol not in known or description in CONTRADICTORY:
        return ""
    if not rest:
        return symbol
    next_word = rest.split()[0].strip(",;:")
    is_named = not next_word[:1].islower() and description != description.upper()
    return symbol if is_named or next_word.lower() in NOUNS else ""


def _row(row: Sequence[str], known: Collection[str]) -> list[str]:
    chip_index, probe, description, *values = row
    described = " ".join(description.split())
    numbers = [number(value, DECIMALS) for value in values]
    return [probe, symbol_of(described, known), described, chip_index, *numbers]


def _sample(at: int, code: str) -> dict[str, str]:
    short, disease = CLASSES[code]
    return {
        "Sample Source": "Golub et al. 1999, training set",
        "Sample Source ID": f"golub_{at:02}",
        "Sample Name": f"{short} {at}",
        "Organism": "Homo sapiens",
        "Disease": disease,
        "Tumor Class": short,
        "Array Number": str(at),
    }


def _study() -> dict[str, str]:
    return {
        "Study Title": "Acute lymphoblastic and myeloid leukemia (Golub et al. 1999)",
        "Study Source": "Bioconductor",
        "Study Source ID": "multtest/golub",
        "Study Description": (
            "Training set of the first classification of a cancer by expression arrays: 27 acute"
            " lymphoblastic (ALL) and 11 acute myeloid (AML) leukemias, reduced to the 3,051 of"
            " 6,817 genes that vary."
        ),
        "Study Type": "Transcription profiling by array",
        "Study Design": "Comparison of two tumor classes",
        "Therapeutic Area": "Oncology",
        "Import Source URL": PAPER,
        "Licence": "LGPL-3.0-or-later",
    }


def _signal() -> dict[str, str]:
    return {
        "Name": "Golub expression by probe",
        "Data Class": "Bulk transcriptomics",
        "Experimental Platform": "Affymetrix high-density oligonucleotide array (6,817 genes)",
        "Data Processing Method": (
            "Intensities limited to 100..16000, genes with max/min <= 5 or max-min <= 500 left out,"
            " log10, each array standardised to mean 0 and variance 1 (Dudoit et al. 2002)"
        ),
        "Scale": "log10 intensity, standardised per array",
        "Genome Version": "Not applicable",
        "Data Species": "Transcriptomics",
        "Import Source URL": PAPER,
        "Gene Symbols": "first word of the description, if a symbol of hgu95Asym",
    }
