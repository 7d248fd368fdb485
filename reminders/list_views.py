"""Lists of reminders in the browser."""

import datetime
import uuid
from collections.abc import Iterable

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from accounts import tags
from accounts.forms import TagSeveralForm
from accounts.requests import SignedInRequest
from ahfai import pages, rowmenus
from ahfai.replica import may_be_behind
from reminders import lists, own_lists, rescheduling, schedule, snoozing, steps, words
from reminders.about import About
from reminders.forms import QuickForm
from reminders.lists import Section
from reminders.models import Reminder, ReminderQuerySet, Tagging
from reminders.quick import Around

# What the page shows without being asked for more.
MOST_TAGS = 12


@require_GET
@may_be_behind
def index(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "list")


@require_GET
@may_be_behind
def undated(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "undated")


@require_GET
@may_be_behind
def done(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "done")


@require_GET
@may_be_behind
def trash(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "trash")


def list_page(
    request: SignedInRequest,
    place: str,
    refused: TagSeveralForm | None = None,
    none_picked: bool = False,
    quick: QuickForm | None = None,
) -> HttpResponse:
    """The reminders of a place, of one list or one tag if the address names it; with what was
    `refused`, or the line that somebody writes."""
    now = timezone.now()
    known = tags.all_of(request.user)
    chosen = tags.within(known, request.GET.get("tag", ""))
    if "tag" in request.GET and not chosen:
        raise Http404
    of_person = own_lists.all_of(request.user)
    in_list = own_lists.within(of_person, request.GET.get("list", ""))
    if "list" in request.GET and not in_list:
        raise Http404
    there = request.user.reminders.listed()
    if chosen:
        links = Tagging.objects.filter(tag__in=[tag.id for tag in chosen])
        there = there.filter(pk__in=links.values("reminder"))
    if in_list:
        there = there.filter(list=in_list.id)
    is_narrowed = bool(chosen or in_list)
    page, sections = _PLACES[place](request, there, is_narrowed, now)
    rows = lists.rows_of(sections)
    is_picking = "pick" in request.GET or bool(refused) or none_picked
    carried = tags_of([row.reminder for row in rows], known)
    menus = {} if is_picking else _menus(request, rows, place, now)
    steps.put_beside(request.user, rows, timezone.localdate(now))
    for row in rows:
        row.tags = carried.get(row.reminder.pk, [])
        row.in_list = None if in_list else own_lists.within(of_person, row.reminder.list_id)
        row.menu = "" if row.completion else menus.get(row.reminder.pk, "")
    leading = tags.leading_on(
        request.user, Tagging.objects.filter(owner=request.user), known, chosen
    )
    shown_tags = leading if request.GET.get("tags") == "all" else leading[:MOST_TAGS]
    just = request.session.get("reminders_just") if "just" in request.GET else None
    shown = {
        "page": page,
        "place": place,
        "quick": quick
        or QuickForm(
            initial={"page": uuid.uuid4()},
            user=request.user,
            around=Around(
                of_person,
                in_list,
                chosen[0] if chosen else None,
                About.parse(request.GET.get("about", "")),
            ),
        ),
        "tag": chosen[0] if chosen else None,
        "tags": shown_tags,
        "more_tags": len(leading) - len(shown_tags),
        "lists": _with_counts(request, of_person),
        "in_list": in_list,
        "sections": sections,
        "picking": is_picking,
        "has_line": place in ("list", "undated") and not is_picking,
        "picked": request.POST.getlist("reminder"),
        "none_picked": none_picked,
        "refused": refused,
        "choices": snoozing.choices(now, request.user.zone) if is_picking else [],
        "days": rescheduling.choices(now, request.user.zone) if is_picking else [],
        # What was just done, which can be taken back.
        "just": just,
        "added": _added(request, just, known, of_person),
    }
    status = 422 if refused or none_picked or (quick and quick.errors) else 200
    return render(request, "reminders/reminder_list.html", shown, status=status)


def _with_counts(
    request: SignedInRequest, of_person: list[own_lists.Named]
) -> list[tuple[own_lists.Named, int]]:
    counts = own_lists.counts(request.user) if of_person else {}
    return [(one, counts.get(one.id, 0)) for one in of_person]


def _added(
    request: SignedInRequest,
    just: dict | None,
    known: list[tags.Named],
    of_person: list[own_lists.Named],
) -> dict[str, object] | None:
    """What was understood of the line that was just added, while it is there."""
    if not just or just["act"] != "added":
        return None
    reminder = request.user.reminders.open().listed().filter(pk__in=just["ids"]).first()
    if reminder is None:
        return None
    return {
        "reminder": reminder,
        "coming": words.coming(reminder, timezone.localdate()),
        "repeat": words.repeat(reminder.rrule, reminder.repeat_from) if reminder.rrule else "",
        "tags": tags_of([reminder], known).get(reminder.pk, []),
        "in_list": own_lists.within(of_person, reminder.list_id),
    }


def _menus(
    request: SignedInRequest, rows: list[lists.Row], place: str, now: datetime.datetime
) -> dict[uuid.UUID, SafeString]:
    return rowmenus.draw(
        request,
        "reminders/_row_menu.html",
        "reminder",
        [row.reminder for row in rows if not row.completion],
        # What stands in the menu, and the version that its buttons carry.
        lambda one: (
            one.version,
            bool(one.due),
            bool(one.snoozed_until),
            bool(one.rrule),
            bool(one.trashed),
        ),
        choices=snoozing.choices(now, request.user.zone),
        place=place,
    )


_Shown = tuple[pages.Page, list[Section]]


def _by_day(
    request: SignedInRequest, there: ReminderQuerySet, is_narrowed: bool, now: datetime.datetime
) -> _Shown:
    today, tomorrow = schedule.midnights(now, request.user.zone)
    reminders = there.dated()
    finished = _completions(request, there, is_narrowed).filter(made__gte=today, made__lt=tomorrow)
    page = pages.page(reminders, "moment", request.GET)
    is_first = not page.before
    overdue = reminders.overdue(now, today).count()
    return page, lists.by_day(
        page.rows, finished.order_by("made") if is_first else [], overdue, now
    )


def _undated(
    request: SignedInRequest, there: ReminderQuerySet, _is_narrowed: bool, _now: datetime.datetime
) -> _Shown:
    page = pages.page(there.undated(), "-created", request.GET)
    return page, [Section("", [lists.Row(one) for one in page.rows])] if page.rows else []


def _done(
    request: SignedInRequest, there: ReminderQuerySet, is_narrowed: bool, now: datetime.datetime
) -> _Shown:
    page = pages.page(_completions(request, there, is_narrowed), "-made", request.GET)
    return page, lists.by_day_done(page.rows, now)


def _trash(
    request: SignedInRequest, there: ReminderQuerySet, _is_narrowed: bool, _now: datetime.datetime
) -> _Shown:
    page = pages.page(there.listed_in_trash(), "-trashed", request.GET)
    return page, [Section("", [lists.Row(one) for one in page.rows])] if page.rows else []


_PLACES = {"list": _by_day, "undated": _undated, "done": _done, "trash": _trash}


def _completions(request: SignedInRequest, there: ReminderQuerySet, is_narrowed: bool):
    """With their reminders, without what no list shows."""
    made = request.user.completions.by_the_person().filter(reminder__trashed=None)
    if is_narrowed:
        made = made.filter(reminder__in=there.values("pk"))
    return made.select_related("reminder").defer("reminder__details")


def tags_of(
    reminders: Iterable[Reminder], known: list[tags.Named]
) -> dict[uuid.UUID, list[tags.Named]]:
    """The tags of each reminder, by name."""
    links = Tagging.objects.filter(reminder__in=[one.pk for one in reminders])
    return tags.of_each(links, "reminder", known)
