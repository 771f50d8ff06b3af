"""GTEx lung, chromosome 21: 818 genes x 30 samples, as counts and as counts with TPM."""

from __future__ import annotations

from pathlib import Path

from .tables import number, read_table, write_matrix, write_records

DECIMALS = 4
PORTAL = "https://gtexportal.org/home/datasets"
SEPARATOR = ":"


def build(text: Path, out: Path) -> None:
    """Write the study, its samples and both versions of its matrix to ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    header, counts = read_table(text / "gtex.count.tsv")
    tpm_header, tpm = read_table(text / "gtex.tpm.tsv")
    _, genes = read_table(text / "gtex.genes.tsv")
    ids = [[row[0] for row in table] for table in (counts, tpm, genes)]
    if header != tpm_header or ids[0] != ids[1] or ids[0] != ids[2]:
        raise SystemExit("GTEx: counts, TPM and genes are not in the same order")
    samples = header[1:]
    write_records(out / "GTEx.study.tsv", [_study()])
    write_records(out / "GTEx.samples.tsv", [_sample(name) for name in samples])
    _write_counts(out, samples, genes, counts)
    _write_counts_and_tpm(out, samples, genes, counts, tpm)


def _write_counts(
    out: Path, samples: list[str], genes: list[list[str]], counts: list[list[str]]
) -> None:
    cells = (
        [gene_id, gene, *values]
        for (gene_id, gene, _), (_, *values) in zip(genes, counts, strict=True)
    )
    write_matrix(out / "GTEx.count.expression.tsv.gz", ["gene_id", "gene"], samples, cells)
    record = _signal("GTEx lung chr21 counts", "Reads counted per gene (GTEx V8)", "count")
    write_records(out / "GTEx.count.expression.tsv.tsv", [record])


def _write_counts_and_tpm(
    out: Path,
    samples: list[str],
    genes: list[list[str]],
    counts: list[list[str]],
    tpm: list[list[str]],
) -> None:
    columns = [f"{name}{SEPARATOR}{kind}" for name in samples for kind in ("count", "tpm_chr21")]
    cells = []
    for gene, (_, *reads), (_, *levels) in zip(genes, counts, tpm, strict=True):
        row = list(gene)
        for read, level in zip(reads, levels, strict=True):
            row += [read, number(level, DECIMALS)]
        cells.append(row)
    features = ["gene_id", "gene", "gene_length_bp"]
    write_matrix(out / "GTEx.count-tpm.expression.tsv.gz", features, columns, cells)
    method = (
        "Reads counted per gene (GTEx V8); TPM by rnanorm 2.2.0 from the union of exons, relative"
        " to the reads on chromosome 21 only"
    )
    record = _signal("GTEx lung chr21 counts and TPM", method, "count, TPM within chr21")
    write_records(out / "GTEx.count-tpm.expression.tsv.tsv", [record])


def _sample(name: str) -> dict[str, str]:
    return {
        "Sample Source": "GTEx",
        "Sample Source ID": name,
        "Sample Name": name,
        "Organism": "Homo sapiens",
        "Tissue": "lung",
        # GTEx names a sample after its donor: GTEX-<donor>-<tissue site>-SM-<aliquot>.
        "Donor ID": "-".join(name.split("-")[:2]),
    }


def _study() -> dict[str, str]:
    return {
        "Study Title": "GTEx V8 lung, genes of chromosome 21, 30 samples",
        "Study Source": "GTEx",
        "Study Source ID": "gene_reads_2017-06-05_v8_lung",
        "Study Description": (
            "RNA-seq read counts of the first 30 lung samples of the Genotype-Tissue Expression"
            " project, release V8, for the 818 genes of chromosome 21."
        ),
        "Study Type": "RNA-seq",
        "Study Design": "Tissue survey, one sample a donor",
        "Import Source URL": PORTAL,
        "Licence": "Apache-2.0",
    }


def _signal(name: str, method: str, scale: str) -> dict[str, str]:
    return {
        "Name": name,
        "Data Class": "Bulk transcriptomics",
        "Data Processing Method": method,
        "Scale": scale,
        "Genome Version": "GRCh38",
        "Data Species": "Transcriptomics",
        "Import Source URL": PORTAL,
        "Gene Symbols": "GENCODE 26",
    }
