"""What is committed is what was built: manifest, size, licences, NOTICE."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from odm_shiny.demo import demo_studies

ROOT = Path(__file__).parents[2]
DATA = ROOT / "odm_shiny" / "demo" / "data"
MANIFEST = DATA / "SHA256SUMS"


def shipped() -> dict[str, Path]:
    files = (file for file in DATA.rglob("*") if file.is_file() and file != MANIFEST)
    return {file.relative_to(DATA).as_posix(): file for file in files}


def test_the_manifest_names_every_file_with_its_checksum():
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()
    listed = {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}
    found = {
        name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in shipped().items()
    }
    assert listed == found


def test_all_of_it_is_below_ten_megabytes():
    assert sum(file.stat().st_size for file in shipped().values()) < 10_000_000


def test_packed_files_hold_no_time_and_no_name():
    packed = [file for name, file in shipped().items() if name.endswith(".gz")]
    assert len(packed) == 5
    for file in packed:
        header = file.read_bytes()[:8]
        assert header == b"\x1f\x8b\x08\x00\x00\x00\x00\x00", file.name


@pytest.mark.parametrize(
    "named",
    [
        "Bioconductor package ALL 1.40.0",
        "r-bioc-all 1.40.0-1",
        "annotate 1.76.0",
        "r-bioc-annotate 1.76.0+dfsg-1",
        "multtest 2.54.0",
        "r-bioc-multtest 2.54.0-1",
        "rnanorm 2.2.0",
        "doi:10.1182/blood-2003-09-3243",
        "doi:10.1126/science.286.5439.531",
        "gene_reads_2017-06-05_v8_lung",
    ],
)
def test_notice_names_every_source(named):
    assert named in " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())


def test_notice_gives_every_study_the_licence_of_its_record(record_of):
    lines = (ROOT / "NOTICE").read_text(encoding="utf-8").splitlines()
    stated = {line.split()[0]: line.split()[-1] for line in lines if line.count("  ") > 1}
    for study in demo_studies():
        assert stated[study.name] == record_of(study, study.study_file)["Licence"]


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("Apache-2.0.txt", "Apache License"),
        ("Artistic-2.0.txt", "The Artistic License 2.0"),
        ("GPL-3.0.txt", "GNU GENERAL PUBLIC LICENSE"),
        ("LGPL-3.0.txt", "GNU LESSER GENERAL PUBLIC LICENSE"),
    ],
)
def test_licence_texts_are_shipped(file, title):
    text = (DATA / "licences" / file).read_text(encoding="utf-8")
    assert text.lstrip().startswith(title)


def test_build_pins_the_versions_that_notice_names(build_part):
    sources = build_part("sources")
    notice = " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())
    for source in (*sources.DEBIAN, sources.RNANORM):
        assert f"{source.name} {source.version}" in notice
