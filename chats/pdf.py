"""The words of a PDF, as far as it has any, read in a process that can't take much: see
`chats.pdf_child`."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.files import Refused
from chats.engines.connection import sound
from chats.file_text import LONGEST, Words

MOST_PAGES = 500
MEMORY = 512 * 1024 * 1024
# Of the processor, and in all, since others may need it, too.
SECONDS = 15
WITHIN_S = 40
CHILD = Path(__file__).with_name("pdf_child.py")
# So many are read at a time in each web process. Who waits for a place takes one of its threads.
_places = threading.BoundedSemaphore(2)
WAIT_S = 20


def read(data: bytes) -> Words:
    """The words of its pages, each under its number. Raises Refused, with a sentence."""
    pages: list[str] = []
    became = "broken"
    for line in _lines(data):
        became = line.get("read", became)
        if text := line.get("text"):
            pages.append(f"[page {line['page']}]\n{sound(text)}")
    if pages:
        return Words("\n\n".join(pages), is_whole=became == "all")
    raise Refused(
        {
            "locked": _("This PDF is locked with a password. Attach one that isn't."),
            "broken": _("This PDF can't be read: it is damaged, or asks for too much."),
        }.get(
            became,
            _(
                "There are no words in this PDF that can be read; its pages may be pictures. A "
                "model that sees can look at pictures of them."
            ),
        )
    )


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    """What the other process tells until it ends, or is ended."""
    limits = (MEMORY, SECONDS, MOST_PAGES, LONGEST)
    command = [sys.executable, "-I", str(CHILD), *map(str, limits)]
    if not _places.acquire(timeout=WAIT_S):
        raise Refused(_("Many PDFs are being read just now. Attach this one again in a minute."))
    try:
        told = subprocess.run(  # noqa: S603 (our own file, with numbers)
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WITHIN_S,
            # No key and no password of ours is there to be read.
            env={},
            cwd="/",
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as late:
        told = late.stdout or b""
    finally:
        _places.release()
    for line in told.split(b"\n"):
        try:
            yield json.loads(line)
        except ValueError:
            # The last one, where it was ended in between.
            continue
