"""A person's tags: what there is, another name for one, and taking one off everything."""

import uuid
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import tags
from accounts.forms import TagForm, TagsField
from accounts.requests import SignedInRequest
from ahfai.textindex.words import fold

MOST_NAMES = 10


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    known = tags.all_of(request.user)
    uses: dict[uuid.UUID, list[dict[str, Any]]] = {tag.id: [] for tag in known}
    for relation in tags.carriers():
        things = relation.related_model
        counts = dict(
            request.user.tags.annotate(count=Count(relation.name)).values_list("pk", "count")
        )
        place = reverse(f"{things._meta.app_label}:list")
        for tag in known:
            if count := counts[tag.id]:
                name = things._meta.verbose_name if count == 1 else things._meta.verbose_name_plural
                uses[tag.id].append({"count": count, "name": name, "address": place})
    rows = [(tag, uses[tag.id]) for tag in known]
    return render(request, "accounts/tag_list.html", {"rows": rows})


@require_GET
def names(request: SignedInRequest) -> HttpResponse:
    """The first tags of which a part begins as what somebody begins to write."""
    begun = fold(request.GET.get("q", "")[: tags.MAX_NAME])
    known = (tag.name for tag in tags.all_of(request.user))
    found = (name for name in known if f"/{begun}" in f"/{fold(name)}")
    return JsonResponse({"found": list(islice(found, MOST_NAMES))})


@require_http_methods(["GET", "POST"])
def rename(request: SignedInRequest, tag_id: uuid.UUID) -> HttpResponse:
    tag = _tag(request, tag_id)
    form = TagForm(request.POST if request.method == "POST" else None, initial={"name": tag.name})
    if request.method == "POST" and form.is_valid():
        try:
            if not tags.rename(request.user, tag.id, form.cleaned_data["name"]):
                raise Http404
        except tags.TooLong:
            form.add_error("name", TagsField.too_long())
        else:
            return redirect("accounts:tags")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/tag_form.html", {"form": form, "tag": tag}, status=status)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, tag_id: uuid.UUID) -> HttpResponse:
    """Off everything; what carried it stays."""
    tag = _tag(request, tag_id)
    if request.method == "GET":
        return render(request, "accounts/tag_delete.html", {"tag": tag})
    tags.take_off(request.user, tag.id)
    messages.success(request, _("The tag is gone."))
    return redirect("accounts:tags")


def _tag(request: SignedInRequest, tag_id: uuid.UUID) -> tags.Named:
    family = tags.family(request.user, tag_id)
    if not family:
        raise Http404
    return family[0]
