"""Takes the words out of a PDF in a process of its own, which may have little: files from outside
are hostile, and reading one can take all the time and memory that there is.

The PDF comes by the standard input. Each page goes out at once, as a line of JSON, so that what was
read before a limit is reached isn't lost. It is started by its path, and imports nothing of ours.
"""

import json
import resource
import sys
from contextlib import suppress
from io import BytesIO
from time import process_time


def main(memory: int, seconds: int, pages: int, characters: int) -> None:
    _limit(memory, seconds)
    say({"read": _read(BytesIO(sys.stdin.buffer.read()), seconds, pages, characters)})


def say(line: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit(memory: int, seconds: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory,
        # The second that is left is for a page that doesn't end.
        resource.RLIMIT_CPU: seconds + 1,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        # Not every system has every limit.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _read(file: BytesIO, seconds: int, pages: int, characters: int) -> str:
    """What became of it: "all", "part", "locked" or "broken"."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(file)
        # Many are locked with an empty password, against changes.
        if reader.is_encrypted and not reader.decrypt(""):
            return "locked"
        for number, page in enumerate(reader.pages, 1):
            if number > pages or characters <= 0 or process_time() > seconds:
                return "part"
            text = page.extract_text().strip()[:characters]
            characters -= len(text)
            say({"page": number, "text": text})
    except Exception:  # noqa: BLE001 (whatever is wrong with it: what was read is out)
        return "broken"
    return "all"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
