"""A person's files in their browser: pictures to look at, everything else to save."""

import itertools
import re
import uuid

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts import files
from accounts.models import FileKind, SealedFile
from accounts.requests import SignedInRequest
from ahfai import file_names

_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


@require_safe
def file(request: SignedInRequest, file_id: uuid.UUID) -> HttpResponseBase:
    """The file, or the one range of bytes that is asked for (RFC 9110, 14)."""
    found = get_object_or_404(request.user.files, pk=file_id)
    span = _span(request.headers.get("Range", ""), found.size)
    if span is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    start, end = span
    is_part = end - start < found.size
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    else:
        pieces = files.read(found, start, end)
        # Before the answer begins, so that a file that can't be opened is an error and no torso.
        first = next(pieces, b"")
        response = StreamingHttpResponse(itertools.chain([first], pieces))
    response.status_code = 206 if is_part else 200
    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(end - start)
    _confine(response, found)
    return response


def _confine(response: HttpResponseBase, found: SealedFile) -> None:
    """Whatever its bytes are, no browser runs them or takes them for a page of ours."""
    response["Content-Type"] = (
        "text/plain; charset=utf-8" if found.kind == FileKind.TEXT else found.kind
    )
    response["Content-Disposition"] = file_names.disposition(found.name, not found.is_picture)
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """Where the bytes begin and end that the header asks for; all of them where it asks for
    several ranges or isn't understood, None where there are no such bytes."""
    found = _RANGE.fullmatch(asked.strip())
    if not found or found[0] == "bytes=-":
        return 0, size
    first, last = found[1], found[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return 0, size
    return (start, end) if start < end else None
