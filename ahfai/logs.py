"""Lines of the log that hold no words of people: of an error its class and where it was raised.

The text of an error may quote what a person wrote, and so may the values of its variables. An
address may hold a secret, such as that of a calendar: whoever reads the log could read there.
"""

import datetime
import json
import logging
import re
import time
import traceback
from contextvars import ContextVar
from types import TracebackType
from typing import Any

# Random characters of 256 bits; names of things here are UUIDs, which are shorter.
_SECRET = re.compile(r"[\w-]{40,}", re.ASCII)
LINE = "{asctime} {levelname} {name}: {message}"
# Of the request that this thread answers; see ahfai.middleware.
request_id: ContextVar[str] = ContextVar("request_id", default="")
# Where the request itself keeps it.
REQUEST_ID = "ahfai.request_id"


def without_secrets(line: str) -> str:
    return _SECRET.sub("…", line)


class ErrorsByPlace(logging.Formatter):
    # Times in UTC (RFC 3339), whatever the zone of the machine is.
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__(LINE, style="{")

    def format(self, record: logging.LogRecord) -> str:
        # Another handler may have kept the error's whole text in the record.
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        return without_secrets(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the name is logging's)
        """From the first cause to the error that was logged, as Python orders them."""
        error: BaseException | None = ei[1]
        told: list[str] = []
        while error is not None and len(told) < 10:
            told.insert(0, _where(error.__traceback__) + type(error).__qualname__)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(told)


class Json(ErrorsByPlace):
    """A line of JSON each, for programs that gather logs. Times are UTC (RFC 3339)."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.datetime.fromtimestamp(record.created, tz=datetime.UTC)
        said: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if number := request_id.get() or _number_of(record):
            said["request"] = number
        said |= getattr(record, "facts", {})
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def _number_of(record: logging.LogRecord) -> str:
    """Of a request that was refused: Django says so when the middleware is through with it."""
    return getattr(getattr(record, "request", None), "META", {}).get(REQUEST_ID, "")


def _where(raised: TracebackType | None) -> str:
    return "".join(
        f"  {frame.filename}:{frame.lineno} in {frame.name}\n"
        for frame in traceback.StackSummary.extract(
            traceback.walk_tb(raised), lookup_lines=False, capture_locals=False
        )
    )
