"""What there is to take in of an archive, whichever program made it."""

from datetime import tzinfo
from functools import partial

from notes.transfer import carried, google_keep, joplin, json_files, markdown, standard_notes
from notes.transfer.archives import Archive, Entry
from notes.transfer.incoming import Incoming, Unit
from notes.transfer.reasons import Broken, Refused


def units(archive: Archive, zone: tzinfo) -> list[Unit]:
    """The notes in the archive, always in the same order. Raises Refused where there are none."""
    files = carried.names_in(archive)
    if joplin.is_export(archive):
        found = joplin.units(archive)
    else:
        found = markdown.units(archive, zone, files)
    for entry in archive.entries:
        # Backups of Standard Notes are JSON that is called text.
        if entry.ending in (".json", ".txt") and entry.name not in files:
            found += _of_json(archive, entry)
    if not found:
        raise Refused("no_notes")
    return found


def _of_json(archive: Archive, entry: Entry) -> list[Unit]:
    """Empty for JSON of other things, and for text that is none."""
    try:
        said = json_files.loaded(archive, entry)
    except Broken as broken:
        return [Unit(entry.name, partial(_refuse, broken.code))] if entry.ending == ".json" else []
    if google_keep.is_note(said):
        return [google_keep.unit(archive, entry)]
    return standard_notes.units(entry, said) if standard_notes.is_backup(said) else []


def _refuse(code: str) -> Incoming:
    raise Broken(code)
