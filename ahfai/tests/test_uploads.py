"""What of an upload is held in memory, for whom, and that nothing of it touches the disk."""

import tempfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, JsonResponse
from django.test import Client, override_settings
from django.urls import path

from ahfai import urls
from ahfai.access import open_to_all
from ahfai.sizes import MB
from ahfai.uploads import NotKept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_megabyte")]


@open_to_all("this test looks at what arrives of a form")
def arrived(request: HttpRequest) -> JsonResponse:
    files = [
        [file.name, file.size, not isinstance(file, NotKept), len(file.read())]
        for file in request.FILES.getlist("files")
    ]
    return JsonResponse({"text": request.POST["text"], "files": files})


urlpatterns = [path("arrived", arrived), *urls.urlpatterns]


@pytest.fixture
def one_megabyte(settings):
    settings.UPLOAD_MB = 1
    with override_settings(ROOT_URLCONF=__name__):
        yield


def send(client: Client, *sizes: int) -> dict:
    files = [SimpleUploadedFile(f"{size}.txt", b"x" * size) for size in sizes]
    return client.post("/arrived", {"text": "typed", "files": files}).json()


def test_a_file_comes_with_the_form(client):
    assert send(client, 3, MB - 3) == {
        "text": "typed",
        "files": [["3.txt", 3, True, 3], [f"{MB - 3}.txt", MB - 3, True, MB - 3]],
    }


def test_what_is_too_much_is_dropped_and_the_rest_of_the_form_arrives(client):
    told = send(client, MB + 1, 5)
    assert told["text"] == "typed"
    assert told["files"] == [[f"{MB + 1}.txt", MB + 1, False, 0], ["5.txt", 5, True, 5]]


def test_the_files_of_a_form_are_counted_together(client):
    assert [kept for *_, kept, _length in send(client, MB // 2, MB // 2, 1)["files"]] == [
        *(True, True, False)
    ]


def test_nothing_is_held_for_somebody_who_is_not_signed_in(nobody):
    assert send(nobody, 5) == {"text": "typed", "files": [["5.txt", 5, False, 0]]}


def test_no_temporary_file_is_made(client, settings, monkeypatch):
    settings.UPLOAD_MB = 8

    def refuse(*_args, **_options):
        raise AssertionError("a temporary file")

    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    assert send(client, 8 * MB)["files"] == [[f"{8 * MB}.txt", 8 * MB, True, 8 * MB]]
