"""The words of a file that somebody attaches: of text in the encodings in which it is found."""

import codecs
from dataclasses import dataclass
from pathlib import PurePath

from django.utils.translation import gettext as _

from accounts.files import Refused
from accounts.models import FileKind

# In characters: more than the windows of models hold.
LONGEST = 400_000
# What is called so is text, also where it isn't in UTF-8.
TEXT_ENDINGS = frozenset({".txt", ".text", ".md", ".markdown", ".csv", ".tsv", ".log"})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Words:
    """What was taken out of a file; not `is_whole` where it says more."""

    text: str
    is_whole: bool = True


def read(name: str, kind: FileKind, data: bytes) -> Words:
    """What is to be read in a file of this name and kind, which is no PDF. Raises Refused, with a
    sentence."""
    if kind == FileKind.TEXT or PurePath(name.lower()).suffix in TEXT_ENDINGS:
        return _shortened(Words(_decoded(data)))
    raise Refused(
        _("AhFai can't read this kind of file. Pictures (PNG, JPEG, WebP), PDF and text go in.")
    )


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 where it says so, or else Windows-1252, which programs for tables write."""
    mark = next((encoding for begins, encoding in _MARKS if data.startswith(begins)), "")
    try:
        text = data.decode(mark or "utf-8")
    except UnicodeDecodeError:
        # It has no letters for five of the bytes.
        text = "\0" if mark else data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise Refused(_("This isn't text, whatever its name says."))
    if not text.strip():
        raise Refused(_("There are no words in this file."))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shortened(words: Words) -> Words:
    return words if len(words.text) <= LONGEST else Words(words.text[:LONGEST], is_whole=False)
