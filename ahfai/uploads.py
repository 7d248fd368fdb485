"""Uploads stay in memory, and only as much of them as may be kept.

The parser reads a form before anybody has checked it, so a handler decides what is held: nothing
of somebody who isn't signed in, and of a form `UPLOAD_MB` at most. The rest is read and dropped, so
that what was typed beside it arrives.
"""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from ahfai.sizes import MB


class NotKept(UploadedFile):
    """A file that was too much; its `size` is what was sent, and its bytes are gone."""


class InMemory(FileUploadHandler):
    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        user = getattr(request, "user", None)
        is_somebody = user is not None and user.is_authenticated
        self._room = settings.UPLOAD_MB * MB if is_somebody else 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._held: BytesIO | None = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._held is None:
            return
        if start + len(raw_data) > self._room:
            self._held = None
        else:
            self._held.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        if self._held is None:
            return NotKept(BytesIO(), self.file_name, size=file_size)
        self._room -= file_size
        self._held.seek(0)
        return UploadedFile(self._held, self.file_name, size=file_size)
