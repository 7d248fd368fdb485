"""What keys there are, and the master key on paper."""

import io
import os
import stat
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.sealing import key_archive, keys, recovery, sheet
from ahfai.crypto import MasterKeys
from ahfai.testing import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def key_file(tmp_path, settings):
    path = tmp_path / "master.key"
    path.write_text(MasterKeys.new_line() + "\n")
    path.chmod(0o600)
    settings.MASTER_KEY = ""
    settings.MASTER_KEY_FILE = path
    keys.clear_cache()
    yield path
    keys.clear_cache()


def said(*arguments: object) -> str:
    out = io.StringIO()
    call_command("keys", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: object) -> str:
    with pytest.raises(CommandError) as caught:
        said(*arguments)
    return str(caught.value)


@pytest.fixture
def typed(tmp_path):
    """A file with what somebody typed."""

    def typed(text: str):
        path = tmp_path / "typed"
        path.write_text(text)
        return path

    return typed


@pytest.fixture
def on_paper(key_file, typed):
    """A file with the sheet of the present keys."""
    return typed(said("sheet"))


# What there is


def test_ids_are_shown_with_whom_they_are_needed_for(key_file):
    make_person()
    make_person()
    first = keys.master_keys().current[0]
    said("rotate")
    second = keys.master_keys().current[0]

    shown = said("show")

    assert f"  {second}  2 people\n  {first}  nobody\n" in shown
    assert "generation 1: 2 people" in shown
    said("reseal", "--user", make_person("ada@example.org").email)
    assert "generation 2, and 1 older until reseal --finish: 1 person" in said("show")
    for _id, key in keys.master_keys().keys:
        assert key.hex() not in shown


def test_a_master_key_that_is_needed_and_missing_is_named(key_file):
    make_person()
    lost = keys.master_keys().current[0]
    key_file.write_text(MasterKeys.new_line())
    assert f"{lost}  1 person, AND IT ISN'T HERE" in said("show")


def test_a_rotation_takes_the_keys_of_backups_along(key_file, tmp_path, settings):
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.BACKUP_DIR.mkdir()
    make_person()
    key_archive.rewrite(settings.BACKUP_DIR)

    assert f"So are those of the backups in {settings.BACKUP_DIR}." in said("rotate")

    [key] = key_archive.read(settings.BACKUP_DIR).keys.values()
    assert key.master_id == keys.master_keys().current[0]


# The sheet


def test_a_sheet_holds_the_keys_in_use(key_file, on_paper):
    assert sheet.read(on_paper.read_text()) == keys.master_keys()
    assert "this is the master key that AhFai uses." in said("check", on_paper)


def test_an_older_key_is_on_the_sheet_too(key_file, typed):
    make_person()
    said("rotate")
    paper = typed(said("sheet"))
    assert len(sheet.read(paper.read_text()).keys) == 2
    assert "an older master key, which is still in AhFai's list" in said("check", paper)


def test_how_it_is_typed_does_not_matter(key_file, typed):
    [(master_id, key)] = keys.master_keys().keys
    lines = [
        line.lower().replace("0", "o").replace("1", "l") for line in sheet.lines(master_id, key)
    ]
    numbered = "\n".join(f"  {number}. {line}" for number, line in enumerate(lines, 1))
    for text in (numbered, "\n".join(lines).replace(" ", "")):
        assert sheet.read(f"key: {master_id}\n{text}\n") == keys.master_keys()


def test_what_the_qr_code_says_is_taken_too(key_file, typed):
    assert "this is the master key" in said("check", typed(key_file.read_text()))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_slip_is_named_by_its_line(key_file, number):
    [(master_id, key)] = keys.master_keys().keys
    lines = sheet.lines(master_id, key)
    for at, letter in enumerate(lines[number - 1]):
        if letter == " ":
            continue
        other = "7" if letter != "7" else "8"
        slipped = lines[number - 1][:at] + other + lines[number - 1][at + 1 :]
        with pytest.raises(sheet.Misread, match=f"Line {number} of the key {master_id}"):
            sheet.part_of(master_id, number, slipped)


def test_two_letters_that_were_exchanged_are_noticed_whatever_the_key():
    for _ in range(50):
        for number, line in enumerate(sheet.lines("5f0c2a91", os.urandom(32)), start=1):
            letters = line.replace(" ", "")
            for at in range(17):
                slip = letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
                if slip != letters:
                    with pytest.raises(sheet.Misread):
                        sheet.part_of("5f0c2a91", number, slip)


def test_lines_that_were_exchanged_or_are_missing(key_file, typed):
    [(master_id, key)] = keys.master_keys().keys
    first, second, *others = sheet.lines(master_id, key)
    exchanged = "\n".join([f"Key {master_id}", second, first, *others])
    # One key of a thousand has an id with which only the end of the sheet tells.
    told = refused("check", typed(exchanged))
    assert f"Line 1 of the key {master_id}" in told or "don't belong together" in told
    short = "\n".join([f"Key {master_id}", first, second])
    assert f"The key {master_id} has 2 lines here, and 4 on the sheet." in refused(
        "check", typed(short)
    )
    assert "No key is in it." in refused("check", typed("Dear diary"))


def test_somebody_elses_sheet_opens_nothing(key_file, typed):
    make_person()
    other = MasterKeys.parse(MasterKeys.new_line())
    assert "Don't rely on this sheet" in refused("check", typed(recovery.as_text(other)))


def test_a_sheet_that_opens_what_the_machine_has_lost(key_file, on_paper):
    make_person()
    key_file.unlink()
    assert "it isn't in AhFai's list, and opens the keys of 1 person." in said("check", on_paper)


def test_typed_line_by_line_a_slip_is_asked_again(key_file, monkeypatch):
    [(master_id, key)] = keys.master_keys().keys
    first, *others = sheet.lines(master_id, key)
    answers = iter(["", master_id, first[:-1] + "?", first, *others])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    told = said("check")
    assert "Line 1" in told
    assert "this is the master key that AhFai uses." in told


def test_a_page_to_print_is_for_its_owner_alone_and_replaces_nothing(key_file, tmp_path, typed):
    page = tmp_path / "sheet.html"
    assert "delete it" in said("sheet", "--html", page)

    [(master_id, key)] = keys.master_keys().keys
    held = page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert all(line in held for line in sheet.lines(master_id, key))
    assert held.count("<svg") == 1
    assert "http" not in held.replace("http://localhost:8000", "")
    assert "is there already" in refused("sheet", "--html", page)


# The way back


def test_a_lost_key_file_comes_back_from_the_sheet(key_file, on_paper):
    ada = make_person()
    before = keys.data_key(ada.pk)
    key_file.unlink()

    assert f"Put into {key_file}" in said("recover", on_paper)

    assert keys.data_key(ada.pk) == before
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert f"{key_file} has it already." in said("recover", on_paper)


def test_a_key_joins_those_that_a_fresh_installation_made(key_file, on_paper):
    old = keys.master_keys().current[0]
    key_file.write_text(MasterKeys.new_line())
    keys.clear_cache()
    new = keys.master_keys().current[0]

    said("recover", on_paper)

    assert list(keys.master_keys()) == [new, old]


def test_a_key_that_opens_nothing_is_not_put_back(key_file, typed):
    make_person()
    key_file.unlink()
    other = MasterKeys.parse(MasterKeys.new_line())
    assert "It opens nobody's key here." in refused("recover", typed(recovery.as_text(other)))
    assert not key_file.exists()


def test_a_key_from_the_environment_is_put_there_by_hand(key_file, on_paper, settings):
    settings.MASTER_KEY = MasterKeys.new_line()
    assert "MASTER_KEY in the environment" in refused("recover", on_paper)
