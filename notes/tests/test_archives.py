"""Archives from outside: hostile ones are refused, quickly and as a whole."""

import io
import struct
import tarfile
import time
import zipfile
from datetime import UTC

import pytest

from notes.transfer import archives, sources
from notes.transfer.archives import MAX_ENTRIES, MAX_PACKED, MAX_UNPACKED
from notes.transfer.reasons import Broken, Refused


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, said in files:
            packed.writestr(name, said, compresslevel=1)
    return target.getvalue()


def tarred(*members: tarfile.TarInfo, said: bytes = b"") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        for member in members:
            member.size = len(said) if member.isreg() else 0
            packed.addfile(member, io.BytesIO(said))
    return target.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    return info


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def lying(packed: bytes, size: int) -> bytes:
    """The archive, which says of its one file that it has this size."""
    said = bytearray(packed)
    central = said.rindex(b"PK\x01\x02")
    said[22:26] = said[central + 24 : central + 28] = struct.pack("<I", size)
    return bytes(said)


def locked() -> bytes:
    said = bytearray(zipped(("a.md", b"oak")))
    said[6] |= 1
    said[said.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(said)


def many() -> bytes:
    """As many empty files as go into 20 MB, in a list that takes seconds to read."""
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *(20, 3, 20, 0), *(0,) * 4, *(0,) * 10)
    count = (MAX_PACKED - 1000) // 46
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, count * 46, 0, 0)
    return b"PK\x05\x06" + one * count + last


HOSTILE = {
    "a bomb": (lambda: zipped(("a.md", bytes(MAX_UNPACKED + 1))), "too_much"),
    "a bomb of many files": (
        lambda: zipped(*((f"{n}.md", bytes(MAX_UNPACKED // 20)) for n in range(21))),
        "too_much",
    ),
    "too many files": (
        lambda: zipped(*((f"{n}.md", b"") for n in range(MAX_ENTRIES + 1))),
        "too_many",
    ),
    "a long list of files": (many, "too_many"),
    "too large": (lambda: b"PK\x03\x04" + bytes(MAX_PACKED), "too_large"),
    "up": (lambda: zipped(("../../etc/cron.d/a.md", b"x")), "bad_name"),
    "up in between": (lambda: zipped(("a/../../b.md", b"x")), "bad_name"),
    "up on Windows": (lambda: zipped(("a\\..\\..\\b.md", b"x")), "bad_name"),
    "from the root": (lambda: zipped(("/etc/a.md", b"x")), "bad_name"),
    "a drive": (lambda: zipped(("C:\\a.md", b"x")), "bad_name"),
    "a link": (lambda: zipped((link("a.md"), b"/etc/passwd")), "link"),
    "a password": (locked, "locked"),
    "half an archive": (lambda: zipped(("a.md", b"oak"))[:-30], "damaged"),
    "no archive": (lambda: b"\x1f\x8b\x08" + bytes(100), "not_known"),
    "a tar with a link": (lambda: tarred(member("a.md", tarfile.SYMTYPE)), "link"),
    "a tar with a hard link": (lambda: tarred(member("a.md", tarfile.LNKTYPE)), "link"),
    "a tar with a device": (lambda: tarred(member("a.md", tarfile.CHRTYPE)), "link"),
    "a tar that leads out": (lambda: tarred(member("../a.md")), "bad_name"),
    "a tar of many": (lambda: tarred(*(member(f"{n}.md") for n in range(10_001))), "too_many"),
    "a torn tar": (lambda: tarred(member("a.md"), said=b"x" * 2000)[:1000], "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_within_two_seconds(name):
    make, code = HOSTILE[name]
    packed = make()
    # Of this process: others may be at work on the machine.
    began = time.process_time()
    with pytest.raises(Refused) as refused:
        archives.opened("notes.zip", packed, UTC)
    assert refused.value.code == code
    assert time.process_time() - began < 2


def test_a_file_that_holds_more_than_the_archive_said_is_broken():
    archive = archives.opened("a.zip", lying(zipped(("a.md", b"x" * 500_000)), 10), UTC)
    with pytest.raises(Broken, match="entry_damaged"):
        archive.read(archive.entries[0])


def test_what_is_read_is_counted_whatever_the_archive_said():
    archive = archives.opened("a.zip", zipped(("a.md", b"x" * 9000), ("b.md", b"y" * 9000)), UTC)
    archive.limits = archives.Limits(unpacked=10_000)
    first, second = archive.entries
    archive.read(first)
    # What is read twice counts once.
    archive.read(first)
    with pytest.raises(Refused, match="too_much"):
        archive.read(second)


def test_a_single_file_is_read_no_further_than_a_note_can_be():
    archive = archives.opened("a.zip", zipped(("a.md", bytes(5 * 2**20))), UTC)
    with pytest.raises(Broken, match="too_long"):
        archive.read(archive.entries[0])


def test_an_archive_in_an_archive_stays_closed():
    packed = zipped(("a.md", b"oak"), ("deep.zip", zipped(("b.md", b"elm"))))
    found = sources.units(archives.opened("a.zip", packed, UTC), UTC)
    assert [unit.name for unit in found] == ["a.md"]


def test_hidden_files_are_left_out_and_one_folder_around_all_is_no_folder():
    packed = zipped(
        ("Vault/.obsidian/app.json", b"{}"),
        ("Vault/.trash/old.md", b"x"),
        ("__MACOSX/Vault/._a.md", b"x"),
        ("Vault/a.md", b"x"),
        ("Vault/deep/b.md", b"x"),
    )
    archive = archives.opened("a.zip", packed, UTC)
    assert [entry.name for entry in archive.entries] == ["a.md", "deep/b.md"]
    assert archive.is_vault


def test_letters_of_windows_are_read_where_the_file_says_so():
    assert archives.text("é".encode("utf-16")) == "é"
    assert archives.text(b"\xef\xbb\xbfa\0b") == "a\ufffdb"
    with pytest.raises(Broken, match="not_text"):
        archives.text("é".encode("latin-1"))
