"""The pages that belong to the whole house."""

import re
import sys
import uuid
from types import SimpleNamespace

from django import forms
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.defaults import bad_request, server_error

from accounts.pace import MINUTE, at_most
from accounts.requests import SignedInRequest
from ahfai import problems, unavailable
from ahfai.access import open_to_all
from ahfai.asked import Asked
from ahfai.bundles import bundle
from ahfai.markdown import files
from ahfai.monitoring import PLAIN_TEXT
from ahfai.search import prepare
from ahfai.search import search as find
from ahfai.templatetags.house import opened
from ahfai.textindex.queries import MAX_QUERY
from chats import servers
from chats.composing import composer
from chats.forms import MAX_TEXT
from notes.models import Note


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    shown = composer(request.user)
    if "note" in request.GET:
        about, shown["note_part"] = _about_note(request)
        shown["text"] = about + shown["text"]
    return render(request, "home.html", shown)


def _about_note(request: SignedInRequest) -> tuple[str, str]:
    """How a question about the note begins, which the address names: with its words; and how much
    of them that is where it isn't all, else ""."""
    try:
        note = request.user.notes.living().get(pk=uuid.UUID(request.GET["note"]))
    except (ValueError, Note.DoesNotExist):
        raise Http404 from None
    body = files.in_words(opened(note, "body"))
    # Some room is left for the question itself.
    part = body[: MAX_TEXT * 9 // 10]
    if part == body:
        said = _("About my note “%(title)s”:") % {"title": opened(note, "title")}
        return f"{said}\n\n{body}\n\n", ""
    letters, all_letters = (number_format(len(text), force_grouping=True) for text in (part, body))
    how_much = _("the first %(part)s of %(all)s characters") % {
        "part": letters,
        "all": all_letters,
    }
    said = _("About my note “%(title)s” (%(how_much)s):") % {
        "title": opened(note, "title"),
        "how_much": how_much,
    }
    return f"{said}\n\n{part}…\n\n", how_much


@require_safe
@at_most(240, MINUTE, "search", method="GET")
def search(request: SignedInRequest) -> HttpResponse:
    """What the person's words are found in. The address with the query is logged nowhere."""
    text = request.GET.get("q", "")[:MAX_QUERY]
    asked = request.GET.get("page", "1")
    number = int(asked) if re.fullmatch("[1-9][0-9]{0,3}", asked) else 1
    found = None
    if text.strip():
        found = find(request.user, text, number)
    else:
        prepare(request.user)
    is_reading = text.strip() and (found is None or found.is_partial)
    shown = {
        "q": text,
        "number": number,
        "found": found,
        "is_reading": is_reading,
        "not_understood": Asked.parse(text).not_understood,
    }
    return render(request, "search.html", shown)


@open_to_all("machines that watch the server have no account")
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 as soon as pages can be served, 503 while the database can't be asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database doesn't answer\n", PLAIN_TEXT, status=503)
    return HttpResponse("ok\n", PLAIN_TEXT)


@open_to_all("browsers fetch the icon of the sign-in page, too")
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Asked for by browsers that don't look into the page for its icon."""
    return redirect(static("icons/mark.svg"))


@open_to_all("a browser looks for a newer one by itself, whoever is signed in")
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """From the root of the site: it works for addresses below its own alone."""
    body = bundle("service-worker.js").body
    return HttpResponse(
        body, "text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form without a valid CSRF token; nothing of the form is kept."""
    return render(request, "403_csrf.html", status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """The answer where something failed that nobody expected."""
    if unavailable.is_passing(sys.exception()):
        return unavailable.answer(request)
    if request.path.startswith("/api/"):
        return problems.answer(500, _("Something broke on our side. It isn't your fault."))
    return server_error(request)


def senseless(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer to what can't be a request of ours, such as one for another host."""
    # By its address: nobody has looked for a view yet.
    if request.path.startswith("/api/"):
        return problems.answer(400, _("That is no request that AhFai can answer."))
    return bad_request(request, exception)


class _SampleForm(forms.Form):
    name = forms.CharField(help_text="As the assistant should call you.")
    theme = forms.ChoiceField(
        choices=[("system", "As the system"), ("dark", "Dark")], widget=forms.RadioSelect
    )
    zone = forms.ChoiceField(choices=[("Europe/Brussels", "Europe / Brussels")])
    keep = forms.BooleanField(label="Keep a copy", required=False)
    details = forms.CharField(widget=forms.Textarea)


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component of the pages, for whoever changes their look; only under DEBUG."""
    return render(
        request,
        "styleguide.html",
        {
            "form": _SampleForm({"name": "", "theme": "dark", "zone": "Europe/Brussels"}),
            "request_id": uuid.uuid4(),
            "models": [SimpleNamespace(name=name, label=name) for name in ("llama3.1:8b", "qwen3")],
            "chosen_model": "llama3.1:8b",
            "model_states": [
                servers.Status("builtin", "ready", ""),
                servers.Status("builtin", "downloading", "It is on its way.", 500_000, 1_000_000),
                servers.Status("builtin", "loading", "It is starting."),
                servers.Status("ollama", "away", "Ollama doesn't answer."),
            ],
        },
    )
