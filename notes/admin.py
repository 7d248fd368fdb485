from django.contrib import admin

from ahfai.inspection import OR_EMPTY, Inspection
from notes.models import Note, NoteVectors, Revision


@admin.register(Note)
class NoteInspection(Inspection):
    shown = (
        *("id", "owner_id", "created", "changed", "version"),
        *("pinned", "archived", "trashed"),
    )
    list_filter = ("pinned", "archived", ("trashed", OR_EMPTY), "changed")
    ordering = ("-changed",)


@admin.register(Revision)
class RevisionInspection(Inspection):
    shown = ("id", "owner_id", "note_id", "version", "written", "made")
    list_filter = ("made",)
    ordering = ("-made",)


@admin.register(NoteVectors)
class NoteVectorsInspection(Inspection):
    shown = ("id", "owner_id", "note_id", "version", "embedder", "length")
    list_filter = ("embedder",)
    ordering = ("-note__changed",)
