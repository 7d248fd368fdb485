"""A file in the browser of its person."""

import pytest

from accounts import files
from accounts.models import SealedFile
from ahfai.testing import signed_in

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MB = 1024 * 1024


def store(owner, data: bytes, name: str) -> str:
    return files.store(owner, name, [data]).get_absolute_url()


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_picture_is_shown_in_place(client, owner):
    response = client.get(store(owner, PNG, "Küche.exe"))
    assert body(response) == PNG
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(PNG))
    assert response["Content-Disposition"] == "inline; filename*=utf-8''K%C3%BCche.exe"


def test_it_is_saved_under_its_name_whatever_stands_in_that(client, owner):
    response = client.get(store(owner, b"words", 'the "50%25" plan.txt'))
    said = "attachment; filename*=utf-8''the%20%2250%2525%22%20plan.txt"
    assert response["Content-Disposition"] == said


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<html><script>alert(1)</script>", "text/plain; charset=utf-8"),
        (
            b"<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>",
            "text/plain; charset=utf-8",
        ),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"MZ\0\xff", "application/octet-stream"),
    ],
)
def test_everything_else_is_saved_whatever_it_says_that_it_is(client, owner, data, kind):
    response = client.get(store(owner, data, "picture.png"))
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"] == 'attachment; filename="picture.png"'


def test_no_browser_takes_it_for_a_page_of_ours(client, owner):
    for data in (PNG, b"<html>"):
        headers = client.get(store(owner, data, "x")).headers
        assert "sandbox" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "private, no-store"


def test_a_stranger_finds_no_file(owner, stranger):
    address = store(owner, PNG, "plan.png")
    assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(stranger).head(address).status_code == 404


def test_head_tells_of_it_without_reading_it(client, owner):
    address = store(owner, PNG * 10_000, "plan.png")
    response = client.head(address)
    assert response["Content-Length"] == str(len(PNG) * 10_000)
    assert response["Accept-Ranges"] == "bytes"
    assert not response.streaming


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        (f"bytes={MB - 2}-{MB + 2}", MB - 2, MB + 3),
        ("bytes=-5", 2 * MB - 5, 2 * MB),
        (f"bytes={2 * MB - 1}-", 2 * MB - 1, 2 * MB),
        (f"bytes=5-{9 * MB}", 5, 2 * MB),
    ],
)
def test_one_range_of_it_can_be_asked_for(client, owner, asked, start, end):
    data = PNG + bytes(2 * MB - len(PNG) - 1) + b"z"
    response = client.get(store(owner, data, "plan.png"), headers={"Range": asked})
    assert response.status_code == 206
    assert body(response) == data[start:end]
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/{2 * MB}"
    assert response["Content-Length"] == str(end - start)


@pytest.mark.parametrize(
    "asked", ["bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=a-"]
)
def test_what_is_no_single_range_gets_all(client, owner, asked):
    response = client.get(store(owner, PNG, "plan.png"), headers={"Range": asked})
    assert response.status_code == 200
    assert body(response) == PNG


@pytest.mark.parametrize("asked", ["bytes=264-", "bytes=999-1000", "bytes=-0"])
def test_a_range_behind_the_end_is_told(client, owner, asked):
    response = client.get(store(owner, PNG, "plan.png"), headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */264"


def test_a_damaged_file_is_an_error_and_no_torso(client, owner):
    address = store(owner, PNG, "plan.png")
    SealedFile.objects.get().parts.update(number=1)
    client.raise_request_exception = False
    response = client.get(address)
    assert response.status_code == 500
    assert "plan.png" not in response.content.decode()
