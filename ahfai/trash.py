"""Deleting for good what lies in a trash: what was picked there, or all of it, once one has said so
on a page that asks."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

# So many in one transaction: others wait for its end, and each one costs the disk a moment.
AT_ONCE = 50


class _Answer(forms.Form):
    """`until` means all that was in the trash when the page asked; what came later stays."""

    until = forms.DateTimeField(required=False)
    is_sure = forms.BooleanField(required=False)


def delete(
    request: HttpRequest,
    there: QuerySet[Any],
    delete_one: Callable[[Any], object],
    place: str,
    sentence: Callable[[int], str],
    picked: Iterable[uuid.UUID] | None = None,
    named: str = "",
    tell: Callable[[int], object] = lambda _count: None,
) -> HttpResponse:
    """The page that asks, or the deletion and the way back to `place`, the trash's page.

    `there` is what lies in the person's trash, `picked` are those of it that are meant, None for
    all; in the form that was sent they are `named` so. `sentence` says what will be gone;
    `tell` is called with how many are.
    """
    form = _Answer(request.POST)
    until = timezone.now()
    if form.is_valid() and form.cleaned_data["until"]:
        until = form.cleaned_data["until"]
    rows = there.filter(trashed__lte=until) if picked is None else there.filter(pk__in=list(picked))
    if request.method == "POST" and form.is_valid() and form.cleaned_data["is_sure"]:
        count = _delete(rows, delete_one)
        said = ngettext("It is gone for good.", "%(count)d are gone for good.", count)
        if count:
            tell(count)
            messages.success(request, said % {"count": count})
        return redirect(place)
    count = rows.count()
    if not count:
        return redirect(place)
    shown = {
        "count": count,
        "sentence": sentence(count),
        "until": until if picked is None else None,
        "named": named,
        "values": request.POST.getlist(named),
        "place": place,
    }
    return render(request, "trash_delete.html", shown)


def _delete(rows: QuerySet[Any], delete_one: Callable[[Any], object]) -> int:
    ids = list(rows.values_list("pk", flat=True))
    gone = 0
    for first in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            # Somebody may have taken one out of the trash meanwhile.
            some = rows.filter(pk__in=ids[first : first + AT_ONCE])
            for row in some.select_for_update().only("pk", "owner_id").order_by("pk"):
                delete_one(row)
                gone += 1
    return gone
