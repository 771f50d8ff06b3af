"""Ask many questions at once from an event loop.

Prints::

    gene    female    male
    CD19      9.48    9.23
    CD3D      4.91    4.96
    CD79B     9.09    8.88
    MEIS1     2.84    2.82
    RPS4Y     4.84    9.67
    CST3      6.69    6.56
"""

from __future__ import annotations

import asyncio

from odm_shiny import AsyncClient, aconnect, field

GENES = ["CD19", "CD3D", "CD79B", "MEIS1", "RPS4Y", "CST3"]


async def median(odm: AsyncClient, gene: str, sex: str) -> float:
    """Median of a gene over the samples of one sex in the leukemia study."""
    study = odm.query().where(study=field("Study Source ID") == "ALL")
    query = study.where(sample=field("Sex") == sex).genes(gene).expression()
    found = await query.arun()
    return float((await found.to_pandas())["value"].median())


async def main() -> None:
    """Ask for all genes in both sexes together, and print the answers in order."""
    async with await aconnect() as odm:
        questions = [median(odm, gene, sex) for gene in GENES for sex in ("female", "male")]
        medians = await asyncio.gather(*questions)
    print(f"{'gene':6} {'female':>7} {'male':>7}")
    for gene, female, male in zip(GENES, medians[::2], medians[1::2], strict=True):
        print(f"{gene:6} {female:7.2f} {male:7.2f}")


asyncio.run(main())
