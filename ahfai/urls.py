"""The roof: every address of the house."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from ahfai import data_views, monitoring, retention_views, views, webhook_views
from ahfai.on_demand import OnDemand
from chats import model_help_views

urlpatterns = [
    path("", views.home, name="home"),
    path("search", views.search, name="search"),
    path("health", views.health, name="health"),
    path("ready", monitoring.ready, name="ready"),
    path("metrics", monitoring.metrics, name="metrics"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("service-worker.js", views.service_worker, name="service_worker"),
    # Its schemas take a sixth of a process's memory, and many installations have no program that
    # uses them.
    OnDemand("api/", "ahfai.api", namespace="api"),
    path("chats/", include("chats.urls")),
    path("notes/", include("notes.urls")),
    path("reminders/", include("reminders.urls")),
    path("model/", model_help_views.model_help, name="model_help"),
    path("model/status", model_help_views.model_status, name="model_status"),
    path("models/", include("chats.model_urls")),
    path("you/data/", data_views.index, name="data"),
    path("you/data/import", data_views.import_, name="data_import"),
    path("you/data/import/now", data_views.imports_now, name="data_imports_now"),
    path("you/data/import/<uuid:import_id>/cancel", data_views.cancel, name="data_import_cancel"),
    path("you/data/import/<uuid:import_id>/go-on", data_views.go_on, name="data_import_go_on"),
    path(
        "you/data/import/<uuid:import_id>/dismiss", data_views.dismiss, name="data_import_dismiss"
    ),
    path("you/data/kept", retention_views.kept, name="data_kept"),
    path("you/data/export", data_views.export, name="data_export"),
    path("you/data/export/now", data_views.export_now, name="data_export_now"),
    path("you/data/export/drop", data_views.drop, name="data_export_drop"),
    path("you/data/export/file", data_views.fetch, name="data_export_file"),
    path("you/webhooks/", webhook_views.index, name="webhooks"),
    path("you/webhooks/new", webhook_views.new, name="webhook_new"),
    path("you/webhooks/<uuid:webhook_id>/", webhook_views.detail, name="webhook"),
    path("you/webhooks/<uuid:webhook_id>/test", webhook_views.test, name="webhook_test"),
    path("you/webhooks/<uuid:webhook_id>/switch", webhook_views.switch, name="webhook_switch"),
    path("you/webhooks/<uuid:webhook_id>/delete", webhook_views.delete, name="webhook_delete"),
    path("you/", include("accounts.urls")),
    path("account/", include("accounts.sign_in.doors")),
    path("admin/", admin.site.urls),
]

handler400 = "ahfai.views.senseless"
handler500 = "ahfai.views.broken"

if settings.DEBUG:
    urlpatterns += [path("styleguide", views.styleguide, name="styleguide")]
