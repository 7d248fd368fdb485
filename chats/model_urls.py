from django.urls import path

from chats import model_views

app_name = "models"
urlpatterns = [
    path("", model_views.index, name="list"),
    path("pulls", model_views.pulls_now, name="pulls"),
    path("pull", model_views.pull, name="pull"),
    path("pulls/<uuid:pull_id>/cancel", model_views.cancel, name="cancel"),
    path("default", model_views.default, name="default"),
    path("delete", model_views.delete, name="delete"),
]
