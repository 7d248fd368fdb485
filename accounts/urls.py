from django.urls import path

from accounts import file_views, tag_views, views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("files/<uuid:file_id>", file_views.file, name="file"),
    path("tags/", tag_views.index, name="tags"),
    path("tags/names", tag_views.names, name="tag_names"),
    path("tags/<uuid:tag_id>/", tag_views.rename, name="tag"),
    path("tags/<uuid:tag_id>/delete", tag_views.delete, name="tag_delete"),
]
