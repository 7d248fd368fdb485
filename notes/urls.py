from django.urls import path

from notes import views

app_name = "notes"

urlpatterns = [
    path("", views.index, name="list"),
    path("new", views.new, name="new"),
    path("<uuid:note_id>/", views.detail, name="detail"),
    path("<uuid:note_id>/edit", views.edit, name="edit"),
]
