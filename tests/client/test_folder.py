"""Folders: what their files are, and importing them."""

from __future__ import annotations

import gzip
import socket
import urllib.error
import urllib.request

import pytest

from odm_shiny.client.folder_import import served
from odm_shiny.client.folder_plan import header_of, plan_folder, role_by_header
from odm_shiny.connect import connect
from odm_shiny.demo.studies import demo_studies
from odm_shiny.errors import FileError, JobFailed, NotFound, QueryError


def names(paths):
    return [path.name for path in paths]


def test_files_are_told_by_name(study_folder):
    plan = plan_folder(study_folder)
    assert plan.study.name == "Demo.study.tsv"
    assert names(plan.samples) == ["Demo.samples.tsv"]
    assert (plan.libraries, plan.preparations, plan.left_out) == ((), (), ())
    (data,) = plan.data
    assert (data.path.name, data.metadata.name) == ("Demo.gct", "Demo.gct.tsv")
    assert (data.linked_to, data.matched, data.of) == ("samples", 3, 3)
    assert (data.n_feature_columns, data.separator) == (None, None)
    assert "3 of 3 columns are samples" in str(plan)


def test_the_columns_of_a_table_tell_where_features_end_and_what_it_is_linked_to(layered_folder):
    (data,) = plan_folder(layered_folder).data
    assert (data.linked_to, data.n_feature_columns, data.separator) == ("libraries", 2, ":")
    assert (data.matched, data.of) == (4, 4)
    assert data.metadata.name == "Two.tsv.tsv"


@pytest.mark.parametrize("study", demo_studies(), ids=lambda study: study.name)
def test_the_demo_studies_are_understood(study):
    plan = plan_folder(study.folder)
    assert plan.study.name == study.study_file
    assert names(plan.samples) == [study.samples_file]
    by_name = {data.path.name: data for data in plan.data}
    assert by_name.keys() == {matrix.file for matrix in study.matrices}
    for matrix in study.matrices:
        data = by_name[matrix.file]
        assert data.n_feature_columns == matrix.number_of_feature_attributes
        assert data.separator == matrix.measurement_separator
        assert data.metadata.name == matrix.metadata_file
        assert data.matched == data.of


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_every_line_end_is_read(study_folder, end):
    for path in study_folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", end.encode()))
    assert plan_folder(study_folder).data[0].matched == 3


def test_packed_files_have_the_role_of_their_plain_name(study_folder):
    for name in ("Demo.samples.tsv", "Demo.gct"):
        path = study_folder / name
        (study_folder / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    plan = plan_folder(study_folder)
    assert names(plan.samples) == ["Demo.samples.tsv.gz"]
    assert plan.data[0].path.name == "Demo.gct.gz"
    assert plan.data[0].metadata.name == "Demo.gct.tsv"


def test_names_that_say_nothing_are_told_by_their_header(study_folder, layered_folder):
    (study_folder / "Demo.study.tsv").rename(study_folder / "a.tsv")
    (study_folder / "Demo.samples.tsv").rename(study_folder / "b.tsv")
    plan = plan_folder(study_folder)
    assert (plan.study.name, names(plan.samples)) == ("a.tsv", ["b.tsv"])
    for before, after in (("libraries", "x.tsv"), ("preparations", "y.tsv")):
        (layered_folder / f"Two.{before}.tsv").rename(layered_folder / after)
    plan = plan_folder(layered_folder)
    assert (names(plan.libraries), names(plan.preparations)) == (["x.tsv"], ["y.tsv"])


def test_a_header_that_fits_two_roles_is_an_error_with_the_arguments(study_folder):
    path = study_folder / "odd.tsv"
    path.write_text("Library ID\tPreparation ID\tSample Source ID\nL\tP\tS-01\n")
    with pytest.raises(FileError, match=r"fit libraries and preparations.*libraries=") as caught:
        role_by_header(path)
    assert caught.value.path == str(path)
    with pytest.raises(FileError):
        plan_folder(study_folder)
    assert names(plan_folder(study_folder, given={"libraries": [path]}).libraries) == ["odd.tsv"]


def test_two_studies_are_an_error(study_folder):
    (study_folder / "Other.study.tsv").write_text("Study Title\nTwo\n")
    with pytest.raises(
        FileError, match=r"two studies \(Demo\.study\.tsv, Other\.study\.tsv\).*study="
    ):
        plan_folder(study_folder)


def test_what_is_not_imported_is_listed(study_folder):
    (study_folder / "Demo.vcf").write_text("##fileformat=VCFv4.1\n")
    (study_folder / "dummy.tsv").write_text("Scale\tPlatform\nTPM\tx\n")
    (study_folder / "README.md").write_text("read")
    assert names(plan_folder(study_folder).left_out) == ["Demo.vcf", "README.md", "dummy.tsv"]


def test_a_table_without_any_known_column_is_an_error(study_folder):
    (study_folder / "odd.tsv").write_text("a\tb\n1\t2\n3\t4\n")
    with pytest.raises(FileError, match="n_feature_columns"):
        plan_folder(study_folder)


def test_a_matrix_that_fits_two_tables_equally_is_an_error(layered_folder):
    path = layered_folder / "Two.preparations.tsv"
    path.write_text("Preparation ID\tSample Source ID\nL-01\tT-01\nL-02\tT-02\n")
    with pytest.raises(FileError, match="libraries and preparations equally well"):
        plan_folder(layered_folder)


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_with_nothing_is_an_error(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=r"nothing to import|no such folder"):
        plan_folder(tmp_path / name)


def test_a_table_of_samples_without_ids_is_an_error(study_folder):
    (study_folder / "Demo.samples.tsv").write_text("Name\nx\n")
    with pytest.raises(FileError, match="must have a column 'Sample Source ID'"):
        plan_folder(study_folder)


def test_the_header_of_a_gct_is_its_third_line(study_folder):
    assert header_of(study_folder / "Demo.gct") == ["Name", "Description", "S-01", "S-02", "S-03"]


def test_a_folder_is_imported_and_linked_with_every_step_told(on, study_folder, tmp_path):
    told = []
    done = on(tmp_path / "store", lambda c: c.import_folder(study_folder, progress=told.append))
    assert done.problems == ()
    assert len(done.links) == 2
    assert done.groups.keys() == {"Demo.samples.tsv", "Demo.gct"}
    assert any("completed" in line for line in told)
    samples = on(
        tmp_path / "store", lambda c: c.links.linked("sample", "study", done.study).to_list()
    )
    assert len(samples) == 3
    found = on(tmp_path / "store", lambda c: c.omics.samples(ex_query="feature=TP53").to_list())
    assert found == samples


def test_data_goes_under_the_libraries_it_is_named_after(on, layered_folder, tmp_path):
    store = tmp_path / "store"
    done = on(store, lambda c: c.import_folder(layered_folder))
    group = done.groups["Two.tsv"]
    pairs = on(store, lambda c: c.links.pairs("expression", "library", group).to_list())
    assert len(pairs) == 2
    frame = on(store, lambda c: c.expressions.stream(group).to_pandas())
    assert list(frame.columns[:2]) == ["gene", "probe"]
    items = on(store, lambda c: c.omics.expression(ex_query="feature=x2").to_pandas())
    assert items["FC"].tolist() == [-1, 3]
    assert items["p"][1] == 1e-20


def test_more_files_go_into_an_existing_study(on, study_folder, tmp_path):
    store = tmp_path / "store"
    first = on(store, lambda c: c.import_folder(study_folder))
    again = on(store, lambda c: c.import_folder(study_folder, study=first.study))
    assert again.study == first.study
    assert on(store, lambda c: c.studies.find().total()) == 1
    assert on(store, lambda c: c.samples.find().total()) == 6


def test_an_unknown_study_is_told_before_anything_is_sent(on, study_folder, tmp_path):
    store = tmp_path / "store"
    with pytest.raises(NotFound, match="GSF999999"):
        on(store, lambda c: c.import_folder(study_folder, study="GSF999999"))
    assert on(store, lambda c: c.samples.find().total()) == 0


def test_the_next_version_of_data_is_imported_behind_the_first(on, study_folder, tmp_path):
    store = tmp_path / "store"
    first = on(store, lambda c: c.import_folder(study_folder))
    previous = first.groups["Demo.gct"]
    second = on(
        store,
        lambda c: c.import_folder(study_folder, study=first.study, previous_version=previous),
    )
    group = on(store, lambda c: c.expressions.group(second.groups["Demo.gct"]))
    assert group["metadata"]["genestack:versionInChain"] == 2


def test_data_that_matches_nothing_is_imported_and_told(on, study_folder, tmp_path):
    path = study_folder / "Demo.gct"
    path.write_text(path.read_text().replace("S-0", "X-0"))
    done = on(tmp_path / "store", lambda c: c.import_folder(study_folder))
    assert done.problems == ("Demo.gct: no column is named like a record of this study",)


def test_an_attribute_of_the_samples_can_name_the_columns(on, study_folder, tmp_path):
    path = study_folder / "Demo.gct"
    text = path.read_text("utf-8")
    for number, name in ((1, "Müller_1"), (2, "Müller_2"), (3, "x_3")):
        text = text.replace(f"S-0{number}", name)
    path.write_text(text, "utf-8")
    table = study_folder / "Demo.samples.tsv"
    table.write_text(table.read_text("utf-8").replace("Müller ", "Müller_"), "utf-8")
    done = on(
        tmp_path / "store",
        lambda c: c.import_folder(study_folder, linking_attribute="Sample Name"),
    )
    assert done.links[1].endswith("not all of its objects")


def test_a_bad_file_stops_the_import_with_its_own_message(on, study_folder, tmp_path):
    (study_folder / "Demo.gct").write_text("#1.2\n5\t3\nName\tDescription\tS-01\nTP53\tx\thigh\n")
    with pytest.raises(JobFailed, match=r"Demo\.gct"):
        on(tmp_path / "store", lambda c: c.import_folder(study_folder))


def remote_script(replies, seen):
    """A remote ODM that imports everything at once, and fetches the study it is told of."""

    def script(request):
        if request.path.endswith("/import/study"):
            import json

            seen["link"] = json.loads(request.body)["metadataLink"]
            with urllib.request.urlopen(seen["link"], timeout=5) as reply:
                seen["study"] = reply.read()
            return replies.http(200, {"jobExecId": 1, "status": "STARTING"})
        if request.path.endswith("/info"):
            return replies.http(200, {"status": "COMPLETED", "jobName": "IMPORT"})
        if request.path.endswith("/output"):
            return replies.http(200, {"status": "COMPLETED", "result": {"accession": "GSF000010"}})
        if "/integration/link/" in request.path:
            return replies.http(204)
        return replies.http(200, {"jobExecId": 2, "status": "STARTING"})

    return script


def test_a_remote_odm_is_served_the_study_for_the_moment(stub, ask, replies, study_folder):
    seen = {}
    stub.script = remote_script(replies, seen)
    done = ask(stub.url, lambda c: c.import_folder(study_folder, serve_from="127.0.0.1:0"))
    assert done.study == "GSF000010"
    assert seen["study"] == (study_folder / "Demo.study.tsv").read_bytes()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(seen["link"], timeout=5)
    uploads = [request for request in stub.requests if request.path.endswith("/multipart")]
    assert [request.path.split("/")[-2] for request in uploads] == ["samples", "expression"]
    data = uploads[1].body
    assert data.index(b'name="metadataFile"; filename="Demo.gct.tsv"') < data.index(b'name="file"')
    assert (study_folder / "Demo.gct").read_bytes() in data


def test_a_remote_odm_without_a_way_to_fetch_the_study_is_refused_before_anything(
    stub, ask, study_folder
):
    with pytest.raises(QueryError, match=r"serve_from.*study=ACCESSION"):
        ask(stub.url, lambda c: c.import_folder(study_folder))
    assert stub.requests == []


def test_only_the_one_file_is_served(study_folder):
    path = study_folder / "Demo.study.tsv"
    with served(path, "127.0.0.1:0") as link:
        with urllib.request.urlopen(link, timeout=5) as reply:
            assert reply.read() == path.read_bytes()
        host = link.split("/")[2]
        for other in ("/", "/Demo.study.tsv", "/../Demo.samples.tsv", "/%2e%2e/Demo.gct"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"http://{host}{other}", timeout=5)
            assert caught.value.code == 404
            caught.value.close()
        assert len(link.split("/")[3]) >= 30


@pytest.mark.parametrize("where", ["8080", "host:", "host:x", ":80", "127.0.0.1:99999", ""])
def test_a_place_to_serve_from_has_a_host_and_a_port(study_folder, where):
    with (
        pytest.raises(QueryError, match="HOST:PORT"),
        served(study_folder / "Demo.study.tsv", where),
    ):
        pass


def test_a_port_that_is_taken_is_told(study_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(QueryError, match=where), served(study_folder / "Demo.study.tsv", where):
            pass


def test_a_plan_can_be_looked_at_first(stub, study_folder):
    with connect(stub.url, "token-1", cache=False) as client:
        assert "3 of 3 columns are samples" in str(client.plan_import(study_folder))
    assert stub.requests == []


def test_the_next_version_alone_is_linked_to_what_the_study_has(on, study_folder, tmp_path):
    store = tmp_path / "store"
    first = on(store, lambda c: c.import_folder(study_folder))
    alone = tmp_path / "alone"
    alone.mkdir()
    (study_folder / "Demo.gct").rename(alone / "next.gct")
    previous = first.groups["Demo.gct"]
    second = on(
        store, lambda c: c.import_folder(alone, study=first.study, previous_version=previous)
    )
    assert second.problems == ()
    group = second.groups["next.gct"]
    pairs = on(store, lambda c: c.links.pairs("expression", "sample", group).to_list())
    assert len(pairs) == 3


def test_what_the_server_tolerated_is_told(on, study_folder, tmp_path):
    path = study_folder / "Demo.gct"
    version, sizes, rest = path.read_text("utf-8").split("\n", 2)
    n_rows, n_columns = sizes.split("\t")[:2]
    path.write_text(f"{version}\n{int(n_rows) + 7}\t{n_columns}\n{rest}", "utf-8")
    told = []
    on(tmp_path / "store", lambda c: c.import_folder(study_folder, progress=told.append))
    assert any(line.startswith("warning: ") and "rows" in line for line in told)
