from django.urls import path

from chats import note_views, preset_views, tag_views, views

app_name = "chats"

urlpatterns = [
    path("", views.index, name="list"),
    path("archive", views.archive, name="archive"),
    path("trash", views.trash, name="trash"),
    path("trash/delete", views.delete_several, name="delete_several"),
    path("move", views.move, name="move"),
    path("tag", tag_views.several, name="tag_several"),
    path("start", views.start, name="start"),
    path("draft", views.draft_of_new_chat, name="draft_of_new_chat"),
    path("<uuid:chat_id>/draft", views.draft, name="draft"),
    path("defaults", preset_views.defaults, name="defaults"),
    path("presets/", preset_views.index, name="presets"),
    path("presets/new", preset_views.make, name="preset_make"),
    path("presets/<uuid:preset_id>/", preset_views.change, name="preset"),
    path("presets/<uuid:preset_id>/delete", preset_views.delete, name="preset_delete"),
    path("<uuid:chat_id>/", views.detail, name="detail"),
    path("<uuid:chat_id>/ask", views.ask, name="ask"),
    path("<uuid:chat_id>/rename", views.rename, name="rename"),
    path("<uuid:chat_id>/tags", tag_views.of_chat, name="tags"),
    path("<uuid:chat_id>/next", views.step, {"by": 1}, name="next"),
    path("<uuid:chat_id>/previous", views.step, {"by": -1}, name="previous"),
    path("<uuid:chat_id>/title", views.title, name="title"),
    path("<uuid:chat_id>/steer", preset_views.steer, name="steer"),
    path("<uuid:chat_id>/take", preset_views.take, name="take"),
    path("<uuid:chat_id>/put-back", views.put_back, name="put_back"),
    path("<uuid:chat_id>/delete", views.delete, name="delete"),
    path("messages/<uuid:message_id>/edit", views.edit, name="edit"),
    path("messages/<uuid:message_id>/show", views.show, name="show"),
    path("messages/<uuid:message_id>/delete", views.delete_version, name="delete_version"),
    path("replies/<uuid:reply_id>/stream", views.stream, name="stream"),
    path("replies/<uuid:reply_id>/note", note_views.save, name="save_as_note"),
    path("sources/<uuid:source_id>", note_views.source, name="source"),
    path("replies/<uuid:reply_id>/stop", views.stop, name="stop"),
    path("replies/<uuid:reply_id>/retry", views.retry, name="retry"),
    path("replies/<uuid:reply_id>/continue", views.carry_on, name="continue"),
]
