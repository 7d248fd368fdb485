"""Markdown of people and models → safe HTML, whole or block by block while it grows.

The parser, the highlighter and the formula converter are loaded at the first use: an idle
process has no need of them.
"""

import logging
from html import escape

from django.utils.safestring import SafeString

from ahfai.markdown.files import Files

RENDER_LIMIT = 64 * 1024
"""Characters. A longer text is shown as it was typed."""

log = logging.getLogger(__name__)


def render(text: str, files: Files | None = None, is_note: bool = False) -> SafeString:
    """The whole message as HTML. Never raises: what can't be rendered is shown as typed.

    CommonMark with tables, strikethrough, task lists, bare links and formulas; a line break is
    kept as a line break. Headings go down two levels, since they live inside a page. In a note
    `[[Title]]` is marked as the name of another one, and each task says in which line it stands.
    Of `files` the text may show those that it refers to; `files.ids` says which these are.
    """
    text = _encodable(text)
    if len(text) > RENDER_LIMIT:
        return _as_typed(text)
    from ahfai.markdown import rendering

    try:
        return SafeString(rendering.html(text, files, is_note))
    except rendering.Overgrown:
        return _as_typed(text)
    except Exception as error:  # noqa: BLE001  an answer must be readable whatever is in it
        log.warning("Markdown of %d characters failed: %s", len(text), type(error).__name__)
        return _as_typed(text)


def render_block(text: str) -> SafeString:
    """One closed block, as `closed_blocks` cuts it. It doesn't see links defined elsewhere."""
    return render(text)


def closed_blocks(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Offsets (start, end), in code points, of the top-level blocks that can't change any more.

    `text` is a growing answer and `start` the end of the last block already taken. The blocks
    join: each starts where the one before it ended. Whatever is added to `text` later, a block
    that was reported stays exactly as it was.
    """
    from ahfai.markdown import blocks

    return blocks.closed(text, start)


def plain(text: str) -> str:
    """The words without their marks, for titles and for being read aloud; a line per block."""
    text = _encodable(text)
    if len(text) > RENDER_LIMIT:
        return text.strip()
    from ahfai.markdown import rendering

    try:
        return rendering.words(text)
    except rendering.Overgrown:
        return text.strip()
    except Exception as error:  # noqa: BLE001  as in `render`
        log.warning("Markdown of %d characters failed: %s", len(text), type(error).__name__)
        return text.strip()


def _encodable(text: str) -> str:
    """The text with U+FFFD for NUL and for lone surrogates, which no response can carry."""
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _as_typed(text: str) -> SafeString:
    return SafeString(f'<pre class="plain" tabindex="0">{escape(text)}</pre>')
