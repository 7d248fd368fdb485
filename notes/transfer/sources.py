"""What there is to take in of an archive, whichever program made it."""

from datetime import tzinfo

from notes.transfer import markdown
from notes.transfer.archives import Archive
from notes.transfer.incoming import Unit
from notes.transfer.reasons import Refused


def units(archive: Archive, zone: tzinfo) -> list[Unit]:
    """The notes in the archive, always in the same order. Raises Refused where there are none."""
    found = markdown.units(archive, zone)
    if not found:
        raise Refused("no_notes")
    return found
