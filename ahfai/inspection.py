"""The admin pages: for looking at the installation, never at what people write.

Every page is built on `Inspection`, which shows the fields that it lists and changes nothing.
"""

from collections.abc import Iterable
from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

PLAIN_LOOKUPS = {
    *("", "exact", "in", "isnull", "isempty", "lt", "lte", "gt", "gte"),
    # Of the way from year to day above a list.
    *("year", "month", "day"),
}
# For a filter of whether there is anything in a column.
OR_EMPTY = admin.EmptyFieldListFilter


class InspectionSite(admin.AdminSite):
    site_header = site_title = "AhFai"
    index_title = _("This installation")
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: Any,
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Pages that installed packages bring along are left out: they show and change more."""
        if admin_class is not None and issubclass(admin_class, Inspection):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may_inspect(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """For whoever may not inspect, there is nothing here."""
        inner = super().admin_view(view, cacheable)

        def only_for_staff(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise Http404
            return inner(request, *args, **kwargs)

        return update_wrapper(only_for_staff, inner)

    def get_urls(self) -> list[Any]:
        """One door for all: a second one would need its own limits."""
        urls = super().get_urls()
        for url in urls:
            view: Any = getattr(url, "callback", None)
            if hasattr(view, "login_url"):
                view.login_url = None
        return urls

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:index")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")


def may_inspect(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


def _note_a_look(request: HttpRequest, of: Any, row: models.Model | None = None) -> None:
    """By what the settings name: who keeps it stands above this."""
    import_string(settings.NOTE_A_LOOK)(request, str(of.verbose_name_plural), row)


class Inspection(admin.ModelAdmin):
    """A page that shows `shown` and nothing else of its rows."""

    shown: tuple[str, ...] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self.shown

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.shown

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        _note_a_look(request, self.opts)
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        _note_a_look(request, self.opts, self.get_object(request, unquote(object_id)))
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        _note_a_look(request, self.opts, self.get_object(request, unquote(object_id)))
        return super().history_view(request, object_id, extra_context)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Only the columns that are shown: what is sealed is not even fetched."""
        return super().get_queryset(request).only(*self._columns())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_inspect(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_inspect(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """A filter in the address would tell what a column holds without showing it."""
        column, _separator, how = lookup.partition("__")
        # A further column behind a foreign key would stand in `how`.
        return column in self._columns() and how in PLAIN_LOOKUPS

    def _columns(self) -> Iterable[str]:
        for name in ("pk", *self.shown):
            if name == "pk":
                yield name
                continue
            try:
                yield self.opts.get_field(name).name
            except FieldDoesNotExist:
                continue
