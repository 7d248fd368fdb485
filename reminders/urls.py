from django.urls import path

from reminders import act_views, list_views, notice_views, views

app_name = "reminders"
urlpatterns = [
    path("", list_views.index, name="list"),
    path("undated", list_views.undated, name="undated"),
    path("done", list_views.done, name="done"),
    path("complete", act_views.complete, name="complete"),
    path("undo", act_views.undo, name="undo"),
    path("notices", notice_views.index, name="notices"),
    path("notices/read", notice_views.read_all, name="read_all"),
    path("notices/news", notice_views.news, name="news"),
    path("new", views.new, name="new"),
    path("<uuid:reminder_id>/", views.detail, name="detail"),
    path("<uuid:reminder_id>/edit", views.edit, name="edit"),
]
