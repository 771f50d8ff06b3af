"""The ALL study (Chiaretti et al. 2004): 128 patients, 12,625 probes, two versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from .tables import number, read_table, write_matrix, write_records

DECIMALS = 4
PAPER = "https://doi.org/10.1182/blood-2003-09-3243"
PLATFORM = "Affymetrix Human Genome U95 Version 2 array (HG-U95Av2)"
CONTROL = "AFFX"  # control probes of the array tell of hybridisation and degradation, not of genes
BLANK = ""

YES_NO = {"TRUE": "yes", "FALSE": "no", BLANK: BLANK}
# What each code means stands in the help page of the ALL package.
SEX = {"M": "male", "F": "female", BLANK: BLANK}
REMISSION = {"CR": "complete remission", "REF": "refractory", BLANK: BLANK}
INDUCTION = {
    "CR": "complete remission",
    "DEATH IN CR": "death in complete remission",
    "DEATH IN INDUCTION": "death in induction",
    "REF": "refractory",
    BLANK: BLANK,
}
RESISTANCE = {"NEG": "negative", "POS": "positive", BLANK: BLANK}
PLOIDY = {"dyploid": "diploid", "hyperd.": "hyperdiploid", BLANK: BLANK}
FOLLOW_UP = {
    "AUBMT / REL": "autologous bone marrow transplant, relapse",
    "BMT / CCR": "allogeneic bone marrow transplant, continuous complete remission",
    "BMT / DEATH IN CR": "allogeneic bone marrow transplant, death in complete remission",
    "BMT / REL": "allogeneic bone marrow transplant, relapse",
    "CCR": "continuous complete remission",
    "CCR / OFF": "continuous complete remission, off protocol",
    "DEATH IN CR": "death in complete remission",
    # "ICR" is not explained by the package, so it is not translated.
    "DEATH IN CR (ICR)": "death in complete remission (ICR)",
    "MUD / DEATH IN CR": "unrelated allogeneic bone marrow transplant, death in complete remission",
    "REL": "relapse",
    "REL / SNC": "relapse in the central nervous system",
    BLANK: BLANK,
}


def build(text: Path, out: Path) -> None:
    """Write the study, its samples and both versions of its matrix to ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    write_records(out / "ALL.study.tsv", [_study()])
    header, rows = read_table(text / "all.phenotypes.tsv")
    patients = [dict(zip(header, row, strict=True)) for row in rows]
    write_records(out / "ALL.samples.tsv", [_sample(patient) for patient in patients])
    header, rows = read_table(text / "all.expression.tsv")
    if header[2:] != [patient["sample"] for patient in patients]:
        raise SystemExit("ALL: the matrix and the phenotypes name different samples")
    _write_probes(out, header[2:], rows)
    _write_genes(out, header[2:], rows)


def iso_date(source: str) -> str:
    """Return a date of the source as ISO 8601, a missing one as an empty text.

    Dates are month/day/year. Three cells are not: one date of remission is ``not known``, two dates
    last seen are year/month/day with two digits a year, one with a tail (``00/09/20+T12501``).
    """
    if source in {BLANK, "not known"}:
        return BLANK
    if usual := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", source):
        month, day, year = (int(part) for part in usual.groups())
    elif turned := re.fullmatch(r"(\d{2})/(\d{2})/(\d{2})(\+T\d+)?", source):
        year, month, day = 2000 + int(turned[1]), int(turned[2]), int(turned[3])
    else:
        raise SystemExit(f"ALL: {source!r} is no date known to this script")
    return f"{year:04}-{month:02}-{day:02}"


def _sample(patient: dict[str, str]) -> dict[str, str]:
    return {
        "Sample Source": "Ritz Laboratory, Dana-Farber Cancer Institute",
        "Sample Source ID": patient["sample"],
        "Sample Name": f"ALL {patient['sample']}",
        "Organism": "Homo sapiens",
        "Sex": SEX[patient["sex"]],
        "Disease": "acute lymphoblastic leukemia",
        "Age": patient["age"],
        "Age Unit": "year" if patient["age"] else BLANK,
        "Cell Type": {"B": "B cell", "T": "T cell"}[patient["BT"][0]],
        "Patient ID": patient["cod"],
        "Immunophenotype Stage": patient["BT"],
        "Molecular Biology": patient["mol.biol"],
        "BCR/ABL Fusion Protein": patient["fusion protein"],
        "Cytogenetics": patient["citog"],
        "Normal Cytogenetics": YES_NO[patient["cyto.normal"]],
        "Translocation t(4;11)": YES_NO[patient["t(4;11)"]],
        "Translocation t(9;22)": YES_NO[patient["t(9;22)"]],
        "Ploidy": PLOIDY[patient["kinet"]],
        "Multidrug Resistance": RESISTANCE[patient["mdr"]],
        "Date of Diagnosis": iso_date(patient["diagnosis"]),
        "Remission": REMISSION[patient["remission"]],
        "Induction Outcome": INDUCTION[patient["CR"]],
        "Date of Complete Remission": iso_date(patient["date.cr"]),
        "Continuous Complete Remission": YES_NO[patient["ccr"]],
        "Relapse": YES_NO[patient["relapse"]],
        "Bone Marrow Transplant": YES_NO[patient["transplant"]],
        "Follow-up": FOLLOW_UP[patient["f.u"]],
        "Date Last Seen": iso_date(patient["date last seen"]),
    }


def _write_probes(out: Path, samples: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells = (
        [probe, gene, *(number(value, DECIMALS) for value in values)]
        for probe, gene, *values in rows
    )
    write_matrix(out / "ALL.probes.expression.tsv.gz", ["probe", "gene"], samples, cells)
    record = _signal("ALL expression by probe", "RMA, all 128 arrays normalised together")
    write_records(out / "ALL.probes.expression.tsv.tsv", [record])


def _write_genes(out: Path, samples: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    chosen = sorted(most_variable_probes(rows).items())
    cells = (
        [gene, probe, *(number(value, DECIMALS) for value in values)]
        for gene, (probe, *values) in chosen
    )
    write_matrix(out / "ALL.genes.expression.tsv.gz", ["gene", "probe"], samples, cells)
    method = (
        "RMA, all 128 arrays normalised together; one probe a gene: the one with the largest"
        " interquartile range over the 128 arrays; control probes left out"
    )
    write_records(out / "ALL.genes.expression.tsv.tsv", [_signal("ALL expression by gene", method)])


def most_variable_probes(rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Choose one probe a gene symbol: the largest interquartile range, the earlier one if equal.

    Quartiles are R's default (type 7), as ``IQR()`` gives them. Control probes and probes without a
    symbol are left out. Sample classes play no part, so the choice does not favour any later
    comparison.

    Parameters
    ----------
    rows
        Probe, symbol, then the values at full precision.

    Returns
    -------
    Symbol to ``[probe, value, ...]``.
    """
    best: dict[str, tuple[float, list[str]]] = {}
    for probe, gene, *values in rows:
        if not gene or probe.startswith(CONTROL):
            continue
        low, _, high = quantiles(map(float, values), n=4, method="inclusive")
        if gene not in best or high - low > best[gene][0]:
            best[gene] = (high - low, [probe, *values])
    return {gene: cells for gene, (_, cells) in best.items()}


def _study() -> dict[str, str]:
    return {
        "Study Title": "Acute lymphoblastic leukemia, 128 patients (Chiaretti et al.)",
        "Study Source": "Bioconductor",
        "Study Source ID": "ALL",
        "Study Description": (
            "Expression arrays of leukemic cells from 128 people with acute lymphoblastic leukemia"
            " of B-cell (95) or T-cell (33) origin, with immunophenotype, cytogenetics, molecular"
            " biology, response to therapy and follow-up."
        ),
        "Study Type": "Transcription profiling by array",
        "Study Design": "Observational, one array a patient",
        "Therapeutic Area": "Oncology",
        "Contributor": (
            "Sabina Chiaretti|Xiaochun Li|Robert Gentleman|Antonella Vitale|Marco Vignetti"
            "|Franco Mandelli|Jerome Ritz|Robin Foa"
        ),
        "Release Date": "2004-04-01",
        "Import Source URL": PAPER,
        "PubMed ID": "14684422|16243790",
        "Licence": "Artistic-2.0",
    }


def _signal(name: str, method: str) -> dict[str, str]:
    return {
        "Name": name,
        "Data Class": "Bulk transcriptomics",
        "Experimental Platform": PLATFORM,
        "Data Processing Method": method,
        "Scale": "log2 intensity",
        "Genome Version": "Not applicable",
        "Data Species": "Transcriptomics",
        "Import Source URL": PAPER,
        "Gene Symbols": "hgu95Asym of annotate 1.76.0",
    }
