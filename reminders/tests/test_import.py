"""Files of other calendars: what comes in, how, once, and what does not."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from reminders import completing, feeds
from reminders.models import Reminder
from reminders.tests.test_list import make

IMPORT = reverse("reminders:import")
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def spring(monkeypatch, owner):
    """Half past eleven on a Wednesday in March, in Berlin."""
    owner.time_zone = "Europe/Berlin"
    owner.save()
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def calendar(*entries: str, kind: str = "VEVENT") -> str:
    """A file of these entries, each given by its lines."""
    bodies = "".join(
        f"BEGIN:{kind}\n{entry.strip()}\nEND:{kind}\n" for entry in map(dedented, entries)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\n{bodies}END:VCALENDAR\n"


def dedented(text: str) -> str:
    """Without the indent of a test, but with that of folded lines."""
    return "\n".join(line.removeprefix(" " * 8) for line in text.splitlines())


def upload(client, text: str | bytes, name: str = "calendar.ics"):
    data = text.replace("\n", "\r\n").encode() if isinstance(text, str) else text
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data)})


def said(response) -> str:
    return " ".join(response.content.decode().split())


def wall(reminder: Reminder) -> tuple[date | None, time | None, str]:
    return reminder.day, reminder.at, reminder.zone


GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:ada@example.org
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20240108T093000
DTEND;TZID=Europe/Berlin:20240108T094500
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
EXDATE;TZID=Europe/Berlin:20240501T093000
DTSTAMP:20260324T080000Z
UID:standup@google.com
SUMMARY:Standup
TRANSP:OPAQUE
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:This is an event reminder
TRIGGER:-P0DT0H10M0S
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART:20260401T073000Z
DTEND:20260401T083000Z
UID:dentist@google.com
DESCRIPTION:<b>Bring</b> the card<br>and be early
LOCATION:Main Street 1\\, Berlin
SUMMARY:Dentist
STATUS:CONFIRMED
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20250401
DTEND;VALUE=DATE:20250402
UID:past@google.com
SUMMARY:Last year
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:19900704
DTEND;VALUE=DATE:19900705
RRULE:FREQ=YEARLY
UID:birthday@google.com
SUMMARY:Birthday of Grace
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20260402T093000
RECURRENCE-ID;TZID=Europe/Berlin:20260402T093000
UID:standup@google.com
SUMMARY:Standup\\, moved
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_of_google_comes_in(client, owner):
    page = said(upload(client, GOOGLE))
    assert "3 reminders came in." in page
    assert "1 appointment is over and stayed out." in page
    assert "1 could not come in." in page
    assert "Standup, moved</strong>: one changed time of a series, so it stayed out" in page
    assert "Standup</a>: came in with all its times, also those that were left out" in page
    found = {one.title: one for one in owner.reminders.all()}
    standup = found["Standup"]
    # An appointment that began long ago isn't overdue: its next time counts.
    assert wall(standup) == (date(2026, 3, 26), time(9, 30), "")
    assert (standup.rrule, standup.repeat_from) == ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "due")
    assert standup.next_fire_at == datetime(2026, 3, 26, 8, 30, tzinfo=UTC)
    dentist = found["Dentist"]
    assert wall(dentist) == (date(2026, 4, 1), time(9, 30), "")
    assert dentist.details == "Bring the card\nand be early\n\nMain Street 1, Berlin"
    assert wall(found["Birthday of Grace"]) == (date(2026, 7, 4), None, "")


def test_taken_in_again_nothing_is_doubled_or_overwritten(
    client, owner, stranger, strangers_client
):
    upload(client, GOOGLE)
    dentist = next(one for one in owner.reminders.all() if one.title == "Dentist")
    completing.complete(owner, {dentist.pk: 1})
    page = said(upload(client, GOOGLE.replace("SUMMARY:Dentist", "SUMMARY:Doctor")))
    assert "0 reminders came in." in page
    assert "3 were here already." in page
    assert owner.reminders.count() == 3
    upload(strangers_client, GOOGLE)
    assert stranger.reminders.count() == 3


def test_tasks_of_nextcloud_come_in(client, owner):
    text = calendar(
        """
        UID:1b7a
        CREATED:20260301T080000Z
        SUMMARY:Write the report
        DESCRIPTION:With *figures*\\, and a
          table
        PRIORITY:1
        CATEGORIES:work,big things
        STATUS:NEEDS-ACTION
        DTSTART;TZID=Europe/Berlin:20260401T080000
        DUE;TZID=Europe/Berlin:20260403T170000
        """,
        """
        UID:2c
        SUMMARY:Pay the rent
        STATUS:COMPLETED
        PERCENT-COMPLETE:100
        COMPLETED:20260320T090000Z
        DUE;VALUE=DATE:20260321
        """,
        """
        UID:3d
        SUMMARY:Buy a boat
        PRIORITY:9
        """,
        """
        UID:4e
        SUMMARY:Water the plants
        DUE:20260320T190000
        RRULE:FREQ=DAILY;INTERVAL=3
        """,
        """
        UID:5f
        SUMMARY:Given up
        STATUS:CANCELLED
        """,
        kind="VTODO",
    )
    page = said(upload(client, text))
    assert "4 reminders came in." in page
    assert "Given up</strong>: called off, so it stayed out" in page
    found = {one.title: one for one in owner.reminders.all()}
    report = found["Write the report"]
    assert wall(report) == (date(2026, 4, 3), time(17), "")
    assert report.details == "With *figures*, and a table"
    assert report.priority == 1
    assert {tag.name for tag in report.tags.all()} == {"work", "big-things"}
    rent = found["Pay the rent"]
    assert rent.done == datetime(2026, 3, 20, 9, tzinfo=UTC)
    completion = rent.completions.get()
    assert completing.undo(owner, [completion.pk]) == (1, 0)
    boat = found["Buy a boat"]
    assert (boat.due, boat.priority) == (None, 3)
    # A task that wasn't done is overdue, as it was there.
    assert wall(found["Water the plants"]) == (date(2026, 3, 20), time(19), "")
    assert found["Water the plants"].rrule == "FREQ=DAILY;INTERVAL=3"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Outlook and Exchange.
        ("DTSTART;TZID=Tokyo Standard Time:20260401T090000", (time(9), "Asia/Tokyo")),
        # Evolution, Mozilla.
        ("DTSTART;TZID=/citadel.org/Asia/Tokyo:20260401T090000", (time(9), "Asia/Tokyo")),
        ("DTSTART;TZID=/mozilla.org/2005_1/Asia/Tokyo:20260401T090000", (time(9), "Asia/Tokyo")),
        # Apple and Todoist: on no zone's clock.
        ("DTSTART:20260401T090000", (time(9), "")),
        ("DTSTART;TZID=Europe/Berlin:20260401T090000", (time(9), "")),
        ("DTSTART:20260401T090000Z", (time(11), "")),
        # A series in UTC stays there, winter and summer.
        ("DTSTART:20260401T090000Z\nRRULE:FREQ=DAILY", (time(9), "UTC")),
        ("DTSTART;TZID=Etc/GMT-9:20260401T090000", (time(2), "")),
        ("DTSTART;VALUE=DATE:20260401", (None, "")),
        ("DTSTART:20260401", (None, "")),
    ],
)  # fmt: skip
def test_times_are_those_that_were_meant(client, owner, lines, expected):
    upload(client, calendar(f"UID:1\nSUMMARY:Call\n{lines}"))
    made = owner.reminders.get()
    assert (made.at, made.zone) == expected


def test_a_zone_that_nobody_knows_is_said(client, owner):
    page = said(upload(client, calendar("UID:1\nSUMMARY:Call\nDTSTART;TZID=Mars:20260401T090000")))
    assert "Call</a>: its time zone isn&#x27;t known" in page
    assert wall(owner.reminders.get()) == (date(2026, 4, 1), time(9), "")


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0", "FREQ=MONTHLY;BYMONTHDAY=1"),
        ("FREQ=YEARLY;UNTIL=20300101T090000Z", "FREQ=YEARLY;UNTIL=20300101T090000Z"),
        # The last day of some programs, for ever; in New York it isn't over in UTC.
        ("FREQ=DAILY;UNTIL=99991231", "FREQ=DAILY"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=DAILY"),
        ("FREQ=DAILY;UNTIL=00010101T000000Z", ""),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=5", "FREQ=MONTHLY;COUNT=5;BYDAY=-1FR"),
        ("FREQ=SECONDLY", ""),
        ("FREQ=MINUTELY", ""),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5", ""),
        ("FREQ=YEARLY;BYWEEKNO=20", ""),
        ("FREQ=DAILY;COUNT=99999999", ""),
        # It never comes.
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ""),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=2", ""),
    ],
)
def test_a_rule_that_can_be_kept_is_and_another_one_is_said(client, owner, rule, kept):
    owner.time_zone = "America/New_York"
    owner.save()
    text = calendar(f"UID:1\nSUMMARY:Call\nDTSTART:20260401T090000\nRRULE:{rule}")
    page = said(upload(client, text))
    made = owner.reminders.get()
    assert sorted(made.rrule.split(";")) == sorted(kept.split(";"))
    assert ("Call</a>: came in once: how it repeats" in page) == (not kept)


def test_a_series_that_counts_its_times_has_those_left_that_are_to_come(client, owner):
    text = "UID:{0}\nSUMMARY:S{0}\nDTSTART:20260322T090000\nRRULE:FREQ=DAILY;COUNT={1}"
    page = said(upload(client, calendar(text.format(1, 10), text.format(2, 3))))
    assert "1 appointment is over and stayed out." in page
    made = owner.reminders.get()
    assert (made.day, made.rrule) == (date(2026, 3, 26), "FREQ=DAILY;COUNT=6")


def test_a_task_that_was_done_at_an_impossible_time_is_done_now(client, owner):
    owner.time_zone = "America/New_York"
    owner.save()
    task = "UID:1\nSUMMARY:Bins\nSTATUS:COMPLETED\nCOMPLETED:00010101T000000Z"
    upload(client, calendar(task, kind="VTODO"))
    assert "Bins" in said(client.get(reverse("reminders:done")))
    assert owner.reminders.get().done == NOW


def test_one_broken_entry_keeps_no_other_one_out(client, owner):
    text = calendar(
        "UID:1\nSUMMARY:No day\\, no time",
        "UID:2\nSUMMARY:Odd\nDTSTART:tomorrow",
        "UID:3\nSUMMARY:Year 1\nDTSTART:00010101T000000Z",
        "UID:4\nSUMMARY:Good\nDTSTART:20260401T090000\nPRIORITY:high\nX-ODD;=:;\nnonsense",
        "UID:5\nSUMMARY:Huge\nDTSTART:20260401T090000\nDESCRIPTION:" + "x" * 200_000,
        "UID:6\nSUMMARY:Odd rule\nDTSTART:20260401T090000\nRRULE:often",
        f"UID:7\nSUMMARY:Far\nDTSTART;TZID=Europe/{'x' * 300}:20260401T090000",
        "UID:8\nSUMMARY:Europe;TZID=x\nDTSTART;TZID=Europe:20260401T090000",
        "DTSTART:20260401T090000",
    )
    page = said(upload(client, text))
    come_in = {one.title for one in owner.reminders.all()}
    assert come_in == {"Good", "Odd rule", "Far", "Europe;TZID=x", "Without a title"}
    assert "No day, no time</strong>: without a day" in page
    assert "Odd</strong>: not in the form that was expected" in page
    assert "Huge</strong>: too long for one reminder" in page
    assert "Odd rule</a>: came in once" in page
    assert "Europe;TZID=x</a>: its time zone isn&#x27;t known" in page
    assert "4 could not come in." in page


def test_long_words_are_kept_where_there_is_room(client, owner):
    title = "word " * 60
    upload(client, calendar(f"UID:1\nSUMMARY:{title}\nDTSTART:20260401T090000"))
    made = owner.reminders.get()
    assert len(made.title) == 200
    assert made.details == title.strip()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "isn&#x27;t a calendar"),
        (b"PK\x03\x04 nothing", "isn&#x27;t a calendar"),
        (b"\xff\xfe", "isn&#x27;t written in UTF-8"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", "no appointments and no tasks"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 100_000, "no appointments and no tasks"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 5001, "too many entries"),
        (b"BEGIN:VCALENDAR\n" + b"x" * 5_000_000, "at most 5 MB"),
    ],
    ids=["empty", "zip", "not text", "no entries", "nested", "too many", "too large"],
)
def test_what_is_no_calendar_or_too_much_is_refused_with_a_sentence(client, data, sentence):
    answer = upload(client, data)
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert not Reminder.objects.exists()


def test_without_a_file_the_page_says_so(client):
    answer = client.post(IMPORT)
    assert answer.status_code == 422
    assert "Choose a file first." in said(answer)


def test_what_takes_too_long_goes_on_the_next_time(client, owner, monkeypatch):
    monkeypatch.setattr("reminders.import_views.SECONDS", 1e-9)
    text = calendar(*[f"UID:{one}\nSUMMARY:S\nDTSTART:20260401T090000" for one in range(3)])
    assert "3 are left" in said(upload(client, text))
    monkeypatch.undo()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    assert "3 reminders came in." in said(upload(client, text))


def test_ones_own_calendar_brings_nothing_twice(client, nobody, owner):
    """What was read at a calendar address is what is here already; on another AhFai it comes in."""
    make(owner, "Dentist", 1, time(9), names=["health"], priority=1, details="Bring it")
    make(owner, "Rent", 2, rrule="FREQ=MONTHLY", repeat_from="due")
    _feed, secret = feeds.make(owner, "all", "VTODO", shows_titles=True)
    text = nobody.get(reverse("reminders:feed", args=[secret])).content
    assert "2 were here already." in said(upload(client, text))
    owner.reminders.all().delete()
    upload(client, text)
    dentist, rent = sorted(owner.reminders.all(), key=lambda one: one.title)
    assert wall(dentist) == (date(2026, 3, 26), time(9), "")
    assert (dentist.priority, rent.rrule, rent.at) == (1, "FREQ=MONTHLY", None)
    assert dentist.details.startswith("Bring it")


def test_the_command_takes_in_a_file(owner, tmp_path, capsys):
    file = tmp_path / "calendar.ics"
    file.write_text(GOOGLE)
    call_command("import_reminders", owner.email, str(file))
    out, err = capsys.readouterr()
    assert "3 came in, 0 were here already, 1 were over, 1 did not come in." in out
    assert "Standup: came in with all its times" in err
    with pytest.raises(CommandError, match="Nobody has an account"):
        call_command("import_reminders", "nobody@example.org", str(file))
    with pytest.raises(CommandError, match="can't be read"):
        call_command("import_reminders", owner.email, str(tmp_path / "none.ics"))
    file.write_text("nothing")
    with pytest.raises(CommandError, match="isn't a calendar"):
        call_command("import_reminders", owner.email, str(file))
