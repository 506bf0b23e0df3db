"""Downloads from a server in this process: no network is needed, and the server can be as bad as one likes."""

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
import requests

from ecgclip_core.cli import main
from ecgclip_core.corpora import download as download_module
from ecgclip_core.corpora import fetch as fetch_module
from ecgclip_core.corpora.download import download
from ecgclip_core.corpora.fetch import fetch, sources
from ecgclip_core.corpora.layouts import LAYOUTS
from ecgclip_core.corpora.sources import Source
from ecgclip_core.corpora.tables import read_table
from ecgclip_core.errors import DownloadError

BODY = bytes(range(256)) * 2560
SHA256 = "sha256:" + hashlib.sha256(BODY).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    """Gives `server.files`; a fault of `server.faults[path]` spoils one answer each, in turn."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        path = unquote(self.path)
        asked = self.headers.get("Range")
        self.server.asked.append((path, asked))
        faults = self.server.faults.get(path, [])
        fault = faults.pop(0) if faults else ""
        body = self.server.files.get(path)
        if body is None or fault.isdigit():
            self._answer(int(fault or 404), b"no")
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and fault != "no ranges" else 0
        if start >= len(body) and start:
            self._answer(416, b"")
            return
        kept = body[start:]
        if fault == "damaged":
            kept = kept[:-1] + b"!"
        length = {"breaks off": len(kept), "promises more": len(kept) + 10, "promises less": len(kept) // 2}
        sent = kept[: len(kept) // 2] if fault in ("breaks off", "promises less") else kept
        headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self._answer(206 if start else 200, sent, length.get(fault, len(kept)), headers)
        if fault in ("breaks off", "promises more"):
            self.close_connection = True

    def _answer(self, status, body, length=None, headers=None):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body) if length is None else length)} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download_module, "PAUSE", 0)
    monkeypatch.setattr(download_module, "TIMEOUTS", (5, 5))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        running.files, running.faults, running.asked = {}, {}, []
        running.address = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()


@pytest.fixture
def get(server, tmp_path):
    """A function that fetches one file of `BODY` under faults: ``get(*faults)``; it has the file and what was asked."""
    file = tmp_path / "deep" / "a file.dat"
    server.files["/a file.dat"] = BODY

    def call(*faults, checksum=SHA256):
        server.faults["/a file.dat"] = list(faults)
        server.asked.clear()
        counted = []
        with requests.Session() as session:
            download(session, f"{server.address}/a%20file.dat", file, checksum, counted.append)
        return SimpleNamespace(asked=[range_ for _, range_ in server.asked], counted=sum(counted))

    call.file = file
    return call


def _published(server, name: str, folder) -> Source:
    """A folder as PhysioNet publishes it, on the local server."""
    lines = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        path, content = file.relative_to(folder).as_posix(), file.read_bytes()
        server.files[f"/{name}/{path}"] = content
        lines.append(f"{hashlib.sha256(content).hexdigest()} {path}")
    server.files[f"/{name}/SHA256SUMS.txt"] = ("\n".join(lines) + "\n").encode()
    return Source(name, name.upper(), "1.0", "a licence", "a citation", f"{server.address}/{name}/")


def test_a_file_comes_whole_and_a_second_call_asks_nothing(get):
    assert get().counted == len(BODY)
    assert get.file.read_bytes() == BODY
    assert get().asked == []
    assert not list(get.file.parent.glob("*.part"))


@pytest.mark.parametrize(
    "faults",
    [
        ["breaks off", "breaks off", "breaks off"],
        ["breaks off", "no ranges"],
        ["promises more"],
        ["promises less"],
        ["damaged"],
        ["breaks off", "damaged"],
        ["503", "429", "500"],
    ],
)
def test_a_bad_answer_is_made_good(get, faults):
    found = get(*faults)
    assert get.file.read_bytes() == BODY
    assert found.counted == len(BODY)


def test_what_came_before_a_break_is_not_asked_for_again(get):
    assert get("breaks off").asked == [None, f"bytes={len(BODY) // 2}-"]


def test_an_interrupted_download_goes_on_and_one_of_another_file_begins_anew(get):
    get.file.parent.mkdir()
    part = get.file.with_name("a file.dat.part")
    part.write_bytes(BODY[:100])
    assert get().asked == ["bytes=100-"]
    get.file.unlink()
    part.write_bytes(b"of an older version" * 10)
    assert get().asked == ["bytes=190-", None]
    get.file.unlink()
    part.write_bytes(BODY + b"longer than the file")
    assert get().asked == [f"bytes={len(BODY) + 20}-", None]
    assert get.file.read_bytes() == BODY


def test_a_whole_part_is_taken_as_it_is(get):
    get.file.parent.mkdir()
    get.file.with_name("a file.dat.part").write_bytes(BODY)
    assert get().counted == 0
    assert get.file.read_bytes() == BODY


def test_a_damaged_file_is_fetched_again(get):
    get()
    get.file.write_bytes(BODY[:-1])
    get()
    assert get.file.read_bytes() == BODY


def test_what_never_has_its_checksum_is_not_kept_under_the_name_of_the_file(get):
    with pytest.raises(DownloadError, match="checksum"):
        get(checksum="md5:" + "0" * 32)
    assert not get.file.exists()


@pytest.mark.parametrize("fault", ["404", "403", "410"])
def test_a_file_that_is_not_there_is_not_asked_for_twice(get, fault):
    with pytest.raises(DownloadError, match=f"{fault}.*may have moved"):
        get(fault, fault)
    assert not get.file.exists()


def test_a_server_that_always_breaks_off_is_given_up_with_a_sentence(get, monkeypatch):
    monkeypatch.setattr(download_module, "ATTEMPTS", 3)
    with pytest.raises(DownloadError, match="breaks off"):
        get(*["breaks off"] * 9)


def test_no_network_is_one_sentence(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "ATTEMPTS", 2)
    with pytest.raises(DownloadError, match="127.0.0.1.*connection fails"), requests.Session() as session:
        download(session, "http://127.0.0.1:9/x", tmp_path / "x", "md5:0")


def test_a_corpus_is_fetched_with_its_tables_and_read(server, ptb_xl, tmp_path):
    out = tmp_path / "out"
    assert fetch(_published(server, "ptb-xl", ptb_xl), out) == out
    assert read_table(out).equals(read_table(ptb_xl))


def test_a_limit_fetches_so_many_recordings_and_a_larger_one_the_rest_of_them(server, challenge, tmp_path):
    source, out = _published(server, "challenge", challenge), tmp_path / "out"
    fetch(source, out, limit=1)
    assert len(read_table(out)) == 1
    server.asked.clear()
    fetch(source, out, limit=3)
    assert len(read_table(out)) == 3
    assert len(server.asked) == 1 + 2 * 2  # the list of checksums, and a header and a signal file for each
    with pytest.raises(DownloadError, match="--limit"):
        fetch(source, out, limit=0)


def test_a_recording_comes_with_all_its_files(server, ludb, tmp_path):
    (ludb / "data" / "1.avf").write_bytes(b"annotations")
    (ludb / "LICENSE.txt").write_text("a licence")
    fetch(_published(server, "ludb", ludb), tmp_path / "out", limit=1)
    names = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {"SHA256SUMS.txt", "LICENSE.txt", "1.avf", "1.dat", "1.hea"}


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt", "a\\..\\b", "c:outside"])
def test_a_list_that_leads_out_of_the_folder_is_refused_whole(server, ludb, tmp_path, path):
    source = _published(server, "ludb", ludb)
    server.files["/ludb/SHA256SUMS.txt"] += f"{'0' * 64} {path}\n".encode()
    with pytest.raises(DownloadError, match="outside of the folder"):
        fetch(source, tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["SHA256SUMS.txt"]


def test_what_fails_is_counted_and_the_rest_is_there(server, ludb, tmp_path):
    source = _published(server, "ludb", ludb)
    del server.files["/ludb/data/2.dat"]
    with pytest.raises(DownloadError, match=r"1 of 6 files.*2\.dat"):
        fetch(source, tmp_path / "out")
    assert (tmp_path / "out" / "data" / "3.dat").is_file()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot be made"):
        fetch(Source("x", "X", "1", "", "", "http://127.0.0.1:9/"), tmp_path / "file" / "out")


def test_a_list_without_files_is_not_taken_for_a_corpus(server, tmp_path):
    server.files["/x/SHA256SUMS.txt"] = b"<html>Please sign in to this network</html>"
    with pytest.raises(DownloadError, match="lists no file"):
        fetch(Source("x", "X", "1", "", "", f"{server.address}/x/"), tmp_path / "out")


@pytest.fixture
def zenodo(server, code_15):
    """CODE-15 % as Zenodo gives it: a description, the table, and parts that are packed."""
    files = {"exams.csv": (code_15 / "exams.csv").read_bytes()}
    for part in (0, 1):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(code_15 / "exams_part0.hdf5", f"exams_part{part}.hdf5")
            archive.writestr("../../outside.txt", "no")
        files[f"exams_part{part}.zip"] = packed.getvalue()
    listed = []
    for name, content in files.items():
        server.files[f"/files/{name}"] = content
        address, checksum = f"{server.address}/files/{name}", f"md5:{hashlib.md5(content).hexdigest()}"
        listed.append({"key": name, "size": len(content), "checksum": checksum, "links": {"self": address}})
    server.files["/record"] = json.dumps({"files": listed}).encode()
    return Source("code-15", "CODE-15%", "1.0.0", "", "", f"{server.address}/record", "zenodo")


def test_parts_are_fetched_as_far_as_the_limit_reaches_and_unpacked(server, zenodo, tmp_path):
    out = tmp_path / "out"
    fetch(zenodo, out, limit=2)
    assert {file.name for file in out.glob("exams*")} == {"exams.csv", "exams_part0.hdf5"}
    assert len(read_table(out)) == 2
    assert not list(tmp_path.rglob("outside.txt"))
    server.asked.clear()
    fetch(zenodo, out)
    assert [path for path, _ in server.asked] == ["/record", "/files/exams_part1.zip"]


def test_an_unpacked_part_that_was_damaged_is_fetched_again(server, zenodo, code_15, tmp_path):
    out = tmp_path / "out"
    fetch(zenodo, out, limit=1)
    (out / "exams_part0.hdf5").write_bytes(b"damaged")
    fetch(zenodo, out, limit=1)
    assert (out / "exams_part0.hdf5").read_bytes() == (code_15 / "exams_part0.hdf5").read_bytes()


def test_every_source_says_what_it_is_and_has_a_name_of_its_own():
    listed = [source for layout in LAYOUTS for source in layout.SOURCES]
    assert len({source.name for source in listed}) == len(listed) == len(sources())
    for source in listed:
        assert source.address.startswith(("https://physionet.org/files/", "https://zenodo.org/api/records/"))
        assert source.address.endswith("/") == (source.kind == "physionet")
        assert "https://" in source.licence
        assert "doi:10." in source.citation


def test_the_command_says_licence_and_citation_before_it_fetches(server, ludb, tmp_path, monkeypatch, capsys):
    source = _published(server, "ludb", ludb)
    monkeypatch.setattr(fetch_module, "sources", lambda: {"ludb": source})
    assert main(["fetch", "ludb", "--limit", "2", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.index("a licence") < said.index("a citation") < said.index("is in")
    assert main(["fetch", "mit-bih"]) == 1
    assert "There are ludb" in capsys.readouterr().err
