"""QR codes as one path of an SVG, drawn in the page: no picture to fetch, no style, no script; and
as text for a terminal."""

import io
from dataclasses import dataclass

import qrcode

# The empty edge that readers need (ISO/IEC 18004), in modules.
EDGE = 4


@dataclass(frozen=True)
class QrCode:
    """`size` is the edge of the square in modules, `path` what is dark."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    rows = _code(text).get_matrix()
    dark = [
        f"M{column} {row}h1v1h-1z"
        for row, modules in enumerate(rows)
        for column, is_dark in enumerate(modules)
        if is_dark
    ]
    return QrCode(len(rows), "".join(dark))


def qr_text(text: str) -> str:
    """For a terminal that writes in light letters on a dark ground."""
    drawn = io.StringIO()
    _code(text).print_ascii(out=drawn, invert=True)
    return drawn.getvalue().rstrip()


def _code(text: str) -> qrcode.QRCode:
    code: qrcode.QRCode = qrcode.QRCode(border=EDGE)
    code.add_data(text)
    return code
