"""Write rnanorm's GTEx data as plain text; runs in the scratch environment that holds rnanorm.

``python export_gtex.py OUT`` writes ``gtex.genes.tsv`` (gene_id, gene, length), ``gtex.count.tsv``
and ``gtex.tpm.tsv`` (genes x samples) to ``OUT``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rnanorm import TPM
from rnanorm.annotation import GTF
from rnanorm.datasets import load_gtex


def main(out: Path) -> None:
    """Write the three tables."""
    data = load_gtex()
    counts = data.exp
    annotation = GTF(data.gtf_path)
    genes = annotation._get_df().loc[counts.columns, ["gene_name", "gene_length"]]
    tpm = TPM(gtf=data.gtf_path).set_output(transform="pandas").fit_transform(counts)
    genes.to_csv(out / "gtex.genes.tsv", sep="\t")
    counts.T.to_csv(out / "gtex.count.tsv", sep="\t")
    tpm.T.to_csv(out / "gtex.tpm.tsv", sep="\t", float_format="%.17g")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
