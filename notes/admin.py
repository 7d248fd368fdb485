from django.contrib import admin

from ahfai.inspection import Inspection
from notes.models import Note, NoteVectors, Revision


@admin.register(Note)
class NoteInspection(Inspection):
    shown = (
        *("id", "owner_id", "created", "changed", "version"),
        *("pinned", "archived", "trashed"),
    )
    ordering = ("-changed",)


@admin.register(Revision)
class RevisionInspection(Inspection):
    shown = ("id", "owner_id", "note_id", "version", "written", "made")
    ordering = ("-made",)


@admin.register(NoteVectors)
class NoteVectorsInspection(Inspection):
    shown = ("id", "owner_id", "note_id", "version", "embedder", "length")
    ordering = ("-note__changed",)
