from django.urls import path

from notes import file_views, history_views, list_views, views
from notes.transfer import views as transfer

app_name = "notes"

urlpatterns = [
    path("", list_views.index, name="list"),
    path("archive", list_views.archive, name="archive"),
    path("trash", list_views.trash, name="trash"),
    path("trash/delete", list_views.delete_several, name="delete_several"),
    path("move", list_views.move, name="move"),
    path("tag", list_views.tag_several, name="tag_several"),
    path("new", views.new, name="new"),
    path("new/preview", views.preview, name="preview_new"),
    path("titles", views.titles, name="titles"),
    path("transfer", transfer.index, name="transfer"),
    path("export", transfer.export, name="export"),
    path("files", file_views.attach, name="attach"),
    path("<uuid:note_id>/preview", views.preview, name="preview"),
    path("import", transfer.import_, name="import"),
    path("imports", transfer.imports_now, name="imports"),
    path("imports/<uuid:import_id>/cancel", transfer.cancel, name="import_cancel"),
    path("imports/<uuid:import_id>/go-on", transfer.go_on, name="import_go_on"),
    path("imports/<uuid:import_id>/dismiss", transfer.dismiss, name="import_dismiss"),
    path("<uuid:note_id>/", views.detail, name="detail"),
    path("<uuid:note_id>/edit", views.edit, name="edit"),
    path("<uuid:note_id>/export", transfer.export_one, name="export_one"),
    path("<uuid:note_id>/tick", views.tick, name="tick"),
    path("<uuid:note_id>/tags", views.tags_of_one, name="tags"),
    path("<uuid:note_id>/put-back", views.put_back, name="put_back"),
    path("<uuid:note_id>/delete", views.delete, name="delete"),
    path("<uuid:note_id>/history", history_views.index, name="history"),
    path("revisions/<uuid:revision_id>/", history_views.detail, name="revision"),
    path("revisions/<uuid:revision_id>/restore", history_views.restore, name="restore"),
]
