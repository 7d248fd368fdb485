from django.urls import path

from reminders import (
    act_views,
    list_views,
    notice_views,
    own_list_views,
    quick_views,
    views,
)

app_name = "reminders"
urlpatterns = [
    path("", list_views.index, name="list"),
    path("undated", list_views.undated, name="undated"),
    path("done", list_views.done, name="done"),
    path("trash", list_views.trash, name="trash"),
    path("complete", act_views.complete, name="complete"),
    path("skip", act_views.skip, name="skip"),
    path("end", act_views.end_series, name="end_series"),
    path("snooze", act_views.snooze, name="snooze"),
    path("throw", act_views.trash, name="throw"),
    path("restore", act_views.restore, name="restore"),
    path("tag", act_views.tag_several, name="tag_several"),
    path("into", act_views.into_list, name="into_list"),
    path("undo", act_views.undo, name="undo"),
    path("lists/", own_list_views.index, name="lists"),
    path("lists/new", own_list_views.new, name="list_new"),
    path("lists/<uuid:list_id>/", own_list_views.edit, name="list_edit"),
    path("lists/<uuid:list_id>/move", own_list_views.move, name="list_move"),
    path("lists/<uuid:list_id>/delete", own_list_views.delete, name="list_delete"),
    path("notices", notice_views.index, name="notices"),
    path("notices/read", notice_views.read_all, name="read_all"),
    path("notices/news", notice_views.news, name="news"),
    path("read", quick_views.read, name="read"),
    path("add", quick_views.add, name="add"),
    path("new", views.new, name="new"),
    path("<uuid:reminder_id>/", views.detail, name="detail"),
    path("<uuid:reminder_id>/edit", views.edit, name="edit"),
    path("<uuid:reminder_id>/snooze", act_views.snooze_one, name="snooze_one"),
    path("<uuid:reminder_id>/put-back", views.put_back, name="put_back"),
    path("<uuid:reminder_id>/delete", act_views.delete, name="delete"),
]
