"""How large a picture is, by the first bytes of its file. None is opened here: model servers do
that, and take some bytes of memory for each of its dots, however small the file is."""

import struct

# Phones make 12 to 50 million. A file of some kilobytes can have a thousand times as many.
MOST_DOTS = 60_000_000


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, a JPEG or a WebP; None where the file doesn't say it in order."""
    try:
        if data.startswith(b"\x89PNG"):
            found = _png(data)
        elif data.startswith(b"\xff\xd8"):
            found = _jpeg(data)
        else:
            found = _webp(data)
    except (struct.error, IndexError):
        return None
    return found if found and min(found) > 0 else None


def _png(data: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from(">II", data, 16)
    return (width, height) if data[12:16] == b"IHDR" else None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """The marker of a frame says it (ITU T.81, B.2.2); those before it are passed by."""
    place = 2
    while True:
        while data[place] == 0xFF and data[place + 1] == 0xFF:
            place += 1
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        # Frames, but not the tables among them: DHT, JPG, DAC.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        (length,) = struct.unpack_from(">H", data, place + 2)
        place += 2 + length


def _webp(data: bytes) -> tuple[int, int] | None:
    """RFC 9649, 2.5 to 2.7."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    return None
