"""Names of files on the wire, where browsers write some characters in ways of their own."""

import re
from urllib.parse import quote

from django.utils.http import content_disposition_header

# In quotes, browsers don't agree on what these mean; RFC 8187's way everybody reads alike.
_UNCLEAR = re.compile(r'["\\%]')


def as_sent(name: str) -> str:
    """The name that an uploaded file has where it came from: a form can't send quotes and breaks as
    they are (HTML Standard, 4.10.22.8, "multipart/form-data")."""
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def disposition(name: str, as_attachment: bool) -> str:
    """What Content-Disposition says, so that the file gets this name where it is saved."""
    if not _UNCLEAR.search(name):
        return content_disposition_header(as_attachment, name) or "attachment"
    kind = "attachment" if as_attachment else "inline"
    return f"{kind}; filename*=utf-8''{quote(name)}"
