"""Imports over the API: by link, by upload, and what becomes of them."""

from __future__ import annotations

import gzip
import re
import zipfile
from datetime import datetime
from io import BytesIO

import pytest

from odm_shiny.store.jobs import RUNNING, claim
from odm_shiny.store.workers import this_worker

# What the official import script looks for in the text of a 409.
SDK_DUPLICATE = re.compile(r"job instance already exists .+ jobExecId=([0-9]+)")
SAMPLES = "Sample Source ID\tAge\nA\t5\nB\t\n"
TABLE = "gene\tA\tB\nTP53\t1\t2\nEGFR\t3\t\n"


def multipart(parts):
    """Body and headers of a form: (name, text) or (name, file name, bytes)."""
    lines = []
    for name, *rest in parts:
        if len(rest) == 1:
            head, content = f'form-data; name="{name}"', str(rest[0]).encode()
        else:
            head, content = f'form-data; name="{name}"; filename="{rest[0]}"', rest[1]
        lines += [b"--limit", f"Content-Disposition: {head}".encode(), b"", content]
    body = b"\r\n".join([*lines, b"--limit--", b""])
    return {"body": body, "headers": {"content-type": "multipart/form-data; boundary=limit"}}


def upload(odm, word, *parts, by="ann"):
    answer = odm.ask("POST", f"jobs/import/{word}/multipart", by=by, **multipart(parts))
    assert answer.status == 200, answer.text
    return odm.outcome(answer.json["jobExecId"], by=by)


def accession(output):
    assert output["status"] == "COMPLETED", output
    return next(iter(output["result"].values()))


def test_a_job_is_said_to_start_and_its_output_holds_the_accession(empty_odm) -> None:
    odm = empty_odm
    link = odm.file("s.tsv", "Study Title\nx\n")
    answer = odm.ask("POST", "jobs/import/study", body={"metadataLink": link, "source": "LOCAL"})
    info = answer.json
    assert list(info) == ["jobExecId", "startedBy", "jobName", "status", "createTime"]
    assert (info["startedBy"], info["jobName"], info["status"]) == (
        "ann@example.org",
        "IMPORT_STUDY_TSV",
        "STARTING",
    )
    assert datetime.fromisoformat(info["createTime"]).tzinfo is not None
    output = odm.outcome(info["jobExecId"])
    assert list(output) == ["status", "result"]
    assert list(output["result"]) == ["accession"]
    later = odm.get(f"jobs/{info['jobExecId']}/info")
    assert later["status"] == "COMPLETED"
    assert datetime.fromisoformat(later["endTime"]) >= datetime.fromisoformat(info["createTime"])


@pytest.mark.parametrize(
    ("word", "body", "name", "key"),
    [
        ("samples", {"metadataLink": SAMPLES}, "IMPORT_SAMPLES_TSV", "groupAccession"),
        (
            "libraries",
            {"metadataLink": "Library ID\tSample Source ID\nL\tA\n"},
            "IMPORT_LIBRARIES_TSV",
            "groupAccession",
        ),
        (
            "preparations",
            {"metadataLink": "Preparation ID\tSample Source ID\nP\tA\n"},
            "IMPORT_PREPARATIONS_TSV",
            "groupAccession",
        ),
        (
            "expression",
            {"dataLink": TABLE, "numberOfFeatureAttributes": 1},
            "IMPORT_EXPRESSION_TSV",
            "groupAccession",
        ),
    ],
)
def test_every_kind_has_its_name_and_its_result(empty_odm, word, body, name, key) -> None:
    odm = empty_odm
    filled = {
        field: odm.file(f"{word}.tsv", value) if field.endswith("Link") else value
        for field, value in body.items()
    }
    job = odm.start(word, **filled)
    output = odm.outcome(job)
    assert output["status"] == "COMPLETED"
    assert list(output["result"]) == [key]
    assert odm.get(f"jobs/{job}/info")["jobName"] == name


@pytest.mark.parametrize("count", ["1", 1])
def test_the_number_of_feature_columns_is_a_number_or_a_text(empty_odm, count) -> None:
    group = empty_odm.load("expression", TABLE, numberOfFeatureAttributes=count)
    metadata = empty_odm.get(f"as-user/expressions/group/{group}")["metadata"]
    assert metadata["Features (string)"] == "gene"
    assert metadata["Data Class"] == "Other"


def test_gct_is_told_by_name_or_by_content(empty_odm) -> None:
    odm = empty_odm
    gct = "#1.2\n1\t2\nName\tDescription\tA\tB\nTP53\tna\t1\t2\n"
    for name in ("x.gct", "x.GCT", "x.tsv", "x"):
        group = odm.load("expression", gct, name=name)
        metadata = odm.get(f"as-user/expressions/group/{group}")["metadata"]
        assert metadata["Data Class"] == "Bulk transcriptomics"
        assert metadata["Features (string)"] is None
    job = odm.start("expression", dataLink=odm.file("y.gct", gct))
    assert odm.get(f"jobs/{job}/info")["jobName"] == "IMPORT_EXPRESSION_GCT"


def test_compressed_files_are_read(empty_odm) -> None:
    odm = empty_odm
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inside.tsv", TABLE)
    contents = {"t.tsv.gz": gzip.compress(TABLE.encode()), "t.tsv.zip": packed.getvalue()}
    for name, content in contents.items():
        group = odm.load("expression", content, name=name, numberOfFeatureAttributes=1)
        assert list(odm.runs(group, by="ann")) == ["A", "B"]
    group = odm.load("samples", gzip.compress(SAMPLES.encode()), name="s.tsv.gz")
    assert len(odm.get("as-user/samples")["data"]) == 2


def test_metadata_of_a_table_are_those_of_its_runs(empty_odm) -> None:
    odm = empty_odm
    link = odm.file("m.tsv", "Genome Version\tTool|Set\nGRCh38\ta|b\n")
    group = odm.load("expression", TABLE, metadataLink=link, numberOfFeatureAttributes=1)
    metadata = odm.get(f"as-curator/expressions/group/{group}")["metadata"]
    assert (metadata["Genome Version"], metadata["Tool|Set"]) == ("GRCh38", ["a", "b"])
    (run, _) = odm.get(f"as-curator/expressions/runs/by/group/{group}")["data"]
    assert run["metadata"]["Tool|Set"] == ["a", "b"]


def test_zeros_are_not_stored_when_the_metadata_say_so(empty_odm) -> None:
    odm = empty_odm
    table = "gene\tA\tB\nTP53\t0\t2\nEGFR\t0\t0\n"
    for attribute, n in (("Skip zero values", 1), ("Other", 4)):
        link = odm.file("m.tsv", f"{attribute}\nyes\n")
        group = odm.load("expression", table, metadataLink=link, numberOfFeatureAttributes=1)
        found = odm.get("as-user/expressions", filter=f"genestack:accession = {group}")["data"]
        assert len(found) == n


def test_files_are_uploaded_with_their_options(empty_odm) -> None:
    odm = empty_odm
    study = odm.load("study", "Study Title\nx\n")
    samples = accession(
        upload(odm, "samples", ("studyId", study), ("file", "proben ü.tsv", SAMPLES.encode()))
    )
    assert odm.get("as-user/links", firstId=samples)["data"] == []  # studyId links nothing
    first = accession(
        upload(
            odm,
            "expression",
            ("numberOfFeatureAttributes", 1),
            ("dataClass", "Proteomics"),
            ("metadataFile", "m.tsv", b"Scale\nlog2\n"),
            ("file", "t.tsv", TABLE.encode()),
        )
    )
    metadata = odm.get(f"as-user/expressions/group/{first}")["metadata"]
    assert (metadata["Data Class"], metadata["Scale"]) == ("Proteomics", "log2")
    second = accession(
        upload(
            odm,
            "expression",
            ("file", "t.tsv", b"gene\tA/FC\tA/p\nTP53\t1\t2\n"),
            ("measurementSeparator", "/"),
            ("numberOfFeatureAttributes", "1"),
            ("previousVersion", first),
        )
    )
    metadata = odm.get(f"as-user/expressions/group/{second}")["metadata"]
    assert metadata["Values (numeric)"] == ["FC", "p"]
    assert metadata["genestack:versionInChain"] == 2


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ([("numberOfFeatureAttributes", "1")], "file"),
        ([("file", "no file name")], "file"),
        ([("file", "a.tsv", b"x"), ("file", "b.tsv", b"x")], "file"),
        ([("file", "a.tsv", b"x"), ("unknown", "1")], "unknown"),
        ([("file", "a.tsv", b"x"), ("numberOfFeatureAttributes", "many")], "number"),
        ([("file", "a.tsv", b"x"), ("numberOfFeatureAttributes", "0")], "number"),
        ([("file", "a.tsv", b"x"), ("dataClass", "Nonsense")], "dataClass"),
        ([("file", "a.tsv", b"x"), ("metadataFile", "text")], "metadataFile"),
    ],
    ids=str,
)
def test_a_form_that_makes_no_sense_is_400(empty_odm, parts, word) -> None:
    answer = empty_odm.ask("POST", "jobs/import/expression/multipart", **multipart(parts))
    assert answer.status == 400
    assert word in answer.error


@pytest.mark.parametrize(
    ("word", "body", "location"),
    [
        ("study", {}, "metadataLink"),
        ("study", {"dataLink": "https://example.org/x"}, "dataLink"),
        ("samples", {"metadataLink": 5}, "metadataLink"),
        ("samples", {"metadataLink": "nowhere.tsv"}, "metadataLink"),
        ("expression", {"metadataLink": "https://example.org/x"}, "dataLink"),
        ("expression", {"dataLink": "{x}", "numberOfFeatureAttributes": 0}, "numberOf"),
        ("expression", {"dataLink": "{x}", "numberOfFeatureAttributes": "1.5"}, "numberOf"),
        ("expression", {"dataLink": "{x}", "numberOfFeatureAttributes": 1001}, "numberOf"),
        ("expression", {"dataLink": "{x}", "dataClass": "Gene variant (VCF)"}, "dataClass"),
    ],
    ids=str,
)
def test_a_request_that_makes_no_sense_is_400_at_once(empty_odm, word, body, location) -> None:
    link = empty_odm.file("x.tsv", TABLE)
    filled = {k: v.format(x=link) if isinstance(v, str) else v for k, v in body.items()}
    answer = empty_odm.ask("POST", f"jobs/import/{word}", body=filled)
    assert answer.status == 400
    assert location in answer.error
    assert empty_odm.ask("GET", "jobs/1/info").status == 404


@pytest.mark.parametrize("field", ["templateId", "previousVersion"])
@pytest.mark.parametrize("value", ["GSF999999", "x", "GSVC000009"])
def test_what_a_job_refers_to_must_be_there(empty_odm, field, value) -> None:
    link = empty_odm.file("x.tsv", TABLE)
    body = {"dataLink": link, "numberOfFeatureAttributes": 1, field: value}
    assert empty_odm.ask("POST", "jobs/import/expression", body=body).status == 404


def test_a_version_that_the_caller_may_not_see_is_not_continued(odm) -> None:
    link = odm.file("x.tsv", TABLE)
    mine = odm.load("expression", TABLE, numberOfFeatureAttributes=1, previousVersion=odm.id["rna"])
    chain = odm.get(f"as-user/expressions/group/{mine}")["metadata"]["genestack:chain"]
    for previous in (odm.id["rna"], chain):
        body = {"dataLink": link, "numberOfFeatureAttributes": 1, "previousVersion": previous}
        assert odm.ask("POST", "jobs/import/expression", by="eve", body=body).status == 404
        path = "jobs/import/expression"
        assert odm.ask("POST", path, by="root", body=body, allow_dups=True).status == 200


def test_the_same_import_is_a_duplicate_unless_duplicates_are_allowed(empty_odm) -> None:
    odm = empty_odm
    odm.person("ben", curator=True)
    body = {"metadataLink": odm.file("s.tsv", SAMPLES)}
    job = odm.start("samples", allow_dups=False, **body)
    odm.outcome(job)
    answer = odm.ask("POST", "jobs/import/samples", body=body)
    assert answer.status == 409
    found = SDK_DUPLICATE.search(answer.error)
    assert found is not None
    assert int(found.group(1)) == job
    again = odm.start("samples", allow_dups=True, **body)
    assert accession(odm.outcome(again)) != accession(odm.outcome(job))
    # What others have imported is theirs, and nobody's business.
    assert odm.ask("POST", "jobs/import/samples", by="ben", body=body).status == 200
    other = {"metadataLink": odm.file("t.tsv", SAMPLES)}
    assert odm.ask("POST", "jobs/import/samples", body=other).status == 200


def test_a_failed_import_may_be_asked_for_again(empty_odm) -> None:
    odm = empty_odm
    link = odm.file("s.tsv", "Age\n5\n")
    job = odm.start("samples", allow_dups=False, metadataLink=link)
    output = odm.outcome(job)
    assert list(output) == ["status", "errors"]
    (error,) = output["errors"]
    assert list(error) == ["stage", "stack"]
    assert error["stage"] == "LOAD"
    assert list(error["stack"][0]) == ["type", "message"]
    odm.file("s.tsv", SAMPLES)
    assert accession(odm.outcome(odm.start("samples", allow_dups=False, metadataLink=link)))
    restarted = odm.ask("PUT", f"jobs/{job}/restart")
    assert (restarted.status, restarted.json["status"]) == (200, "STARTING")
    assert "endTime" not in restarted.json
    assert accession(odm.outcome(job))


@pytest.mark.parametrize("action", ["stop", "restart"])
def test_a_job_in_the_wrong_state_is_409(empty_odm, action) -> None:
    job = empty_odm.start("samples", metadataLink=empty_odm.file("s.tsv", SAMPLES))
    empty_odm.outcome(job)
    answer = empty_odm.ask("PUT", f"jobs/{job}/{action}")
    assert answer.status == 409
    assert "COMPLETED" in answer.error


def test_a_running_job_is_asked_to_stop_and_shows_nothing_but_its_status(empty_odm) -> None:
    odm = empty_odm
    job = odm.start("samples", metadataLink=odm.file("s.tsv", "Age\n5\n"))
    odm.outcome(job)
    runner = odm.service.job_runner
    runner.submit = lambda *args, **options: None  # the job waits
    odm.ask("PUT", f"jobs/{job}/restart")
    assert odm.get(f"jobs/{job}/output") == {"status": "STARTING"}
    with odm.store.write() as tx:
        assert claim(tx, this_worker(), ids=[job]).status == RUNNING
    assert odm.get(f"jobs/{job}/output") == {"status": "RUNNING"}
    assert odm.ask("PUT", f"jobs/{job}/stop").json["status"] == "STOPPING"
    assert odm.get(f"jobs/{job}/info")["status"] == "STOPPING"


def test_a_waiting_job_is_stopped_at_once_and_can_be_restarted(empty_odm) -> None:
    odm = empty_odm
    runner = odm.service.job_runner
    submit, runner.submit = runner.submit, lambda *args, **options: None
    job = odm.start("samples", metadataLink=odm.file("s.tsv", SAMPLES))
    assert odm.ask("PUT", f"jobs/{job}/stop").json["status"] == "STOPPED"
    assert odm.get("as-user/samples")["data"] == []
    runner.submit = submit
    odm.ask("PUT", f"jobs/{job}/restart")
    assert accession(odm.outcome(job))


@pytest.mark.parametrize("path", ["jobs/{}/info", "jobs/{}/output"])
def test_a_job_is_shown_to_who_started_it_and_to_administrators(odm, path) -> None:
    job = odm.start("samples", by="ben", metadataLink=odm.file("s.tsv", SAMPLES))
    odm.outcome(job, by="ben")
    assert odm.ask("GET", path.format(job), by="root").status == 200
    hidden = odm.ask("GET", path.format(job), by="eve")
    missing = odm.ask("GET", path.format(job + 1), by="eve")
    assert hidden.status == missing.status == 404
    assert hidden.error.replace(str(job), "N") == missing.error.replace(str(job + 1), "N")
    for action in ("stop", "restart"):
        assert odm.ask("PUT", f"jobs/{job}/{action}", by="eve").status == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "9" * 30])
def test_a_job_has_a_number(shown, number) -> None:
    assert shown.ask("GET", f"jobs/{number}/info").status in (400, 404)


def test_uploads_are_removed_once_their_job_is_done_and_kept_for_a_restart(empty_odm) -> None:
    odm = empty_odm
    jobs = odm.folder / "store" / "jobs"
    accession(upload(odm, "samples", ("file", "s.tsv", SAMPLES.encode())))
    assert not list(jobs.glob("*"))
    failed = upload(odm, "samples", ("file", "s.tsv", b"Age\n5\n"))
    assert failed["status"] == "FAILED"
    (folder,) = jobs.glob("*")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"Age\n5\n"]
    answer = odm.ask(
        "POST",
        "jobs/import/samples/multipart",
        **multipart([("templateId", "GSF999999"), ("file", "s.tsv", b"x")]),
    )
    assert answer.status == 404
    assert len(list(jobs.glob("*"))) == 1  # what was refused leaves nothing
