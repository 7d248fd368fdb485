"""Files for programs: how they come, and how they are shown."""

import datetime
import uuid
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema

from accounts import files
from accounts.models import SealedFile
from accounts.programs.api_access import FORM
from ahfai import problems
from ahfai.problems import Refused
from ahfai.templatetags.house import opened

# For OpenAPI: what an operation takes whose view reads the file by itself, once it has found what
# the file is for.
ONE_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


def binary(kind: str, ranges: bool = False) -> dict[str, Any]:
    """For OpenAPI: that a view answers with bytes, of which a range can be asked for."""
    bytes_ = {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}
    parts = {
        206: {"description": "The range that was asked for", **bytes_},
        416: {"description": "There is no such range"},
    }
    whole = {200: {"description": "The file itself", **bytes_}}
    if not ranges:
        return {"responses": whole}
    asked = {
        "name": "Range",
        "in": "header",
        "required": False,
        "description": "Which bytes of it, as in bytes=0-499.",
        "schema": {"type": "string"},
    }
    return {"responses": whole | parts, "parameters": [asked]}


class FileShown(Schema):
    id: uuid.UUID
    name: str
    # What its bytes say that it is.
    kind: str
    # In bytes.
    size: int
    made: datetime.datetime


def facts(file: SealedFile) -> dict[str, Any]:
    return {
        "id": file.pk,
        "name": opened(file, "name"),
        "kind": file.kind,
        "size": file.size,
        "made": file.made,
    }


def sent(request: HttpRequest) -> UploadedFile:
    """The file of the form. Raises Refused."""
    found = request.FILES.get("file")
    if found is None:
        raise problems.of_field("file", _("Send a file, named “file” in the form."))
    return found


def not_taken(why: files.Refused) -> Refused:
    """507 where there is no room for what is theirs (RFC 4331)."""
    is_large = isinstance(why, files.TooLarge)
    status = 507 if isinstance(why, files.NoRoom) else 413 if is_large else 422
    return Refused(status, str(why), errors=[{"field": "file", "sentence": str(why)}])
