"""Reminders, as a person meets them in a real Chromium."""

import datetime
import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from ahfai.tests.browser_keys import BrowserKeys, pretend_to_subscribe
from ahfai.tests.house import House
from ahfai.tests.sinks import http_sink
from ahfai.tests.test_browser import (
    WHOLE_CHROMIUM,
    ada,
    expect_no_complaint_in_any_look,
    forgive,
    launched,
    ollama,
    pytestmark,
    sign_in,
    signed_in,
)
from chats.tests.conftest import wait_until

__all__ = ["ada", "house", "ollama", "pytestmark", "signed_in"]


@pytest.fixture(scope="module")
def push_service():
    """In the place of that of the browser's maker, which nobody reaches from here."""
    with http_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def chromium():
    """The whole of it: the other one shows no notifications and knows no push."""
    with launched(WHOLE_CHROMIUM) as browser:
        yield browser


@pytest.fixture(scope="module")
def house(ollama, push_service):
    allowed = {"NOTIFY_ALLOW": push_service.place}
    with House(OLLAMA_URL=ollama.url, SIGN_INS_PER_HOUR="1000", **allowed) as running:
        yield running


LINE = "What to remind you of"
LATE_IN_A_MINUTE = 50


def add(page: Page, line: str) -> None:
    page.goto("/reminders/")
    page.get_by_label(LINE).fill(line)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name="Edit")).to_be_visible()


def this_minute() -> str:
    """The day and the time by the clock of the browser, whose zone Ada's is; not one that is over
    by the time it is saved, of which nobody would be told."""
    now = datetime.datetime.now().astimezone()
    if now.second >= LATE_IN_A_MINUTE:
        time.sleep(60 - now.second)
        now = datetime.datetime.now().astimezone()
    return f"{now:%Y-%m-%d at %H:%M}"


def set_elsewhere(page: Page, title: str) -> None:
    """A reminder for this very minute, set in another tab while this page is open."""
    other = page.context.new_page()
    add(other, f"{title} {this_minute()}")
    # By then its scripts have told the other tabs.
    other.wait_for_load_state()
    other.close()


PLACES = [
    *("/reminders/?pick=1", "/reminders/undated", "/reminders/done", "/reminders/trash"),
    *("/reminders/lists/", "/reminders/lists/new", "/reminders/month", "/reminders/import"),
    *("/reminders/told", "/reminders/feeds/"),
]
WHAT_CHIPS_SAY = ["every week", "tomorrow", "9:00", "#trip", "priority: High"]


def test_a_reminder_is_set_ticked_off_and_taken_back(ada):
    ada.goto("/notes/")
    ada.keyboard.press("r")
    line = ada.get_by_label(LINE)
    expect(line).to_be_focused()
    # Before its scripts are there, nobody reads along.
    ada.wait_for_load_state()
    ada.keyboard.type("Book the cabin 31 february #trip !1")
    expect(ada.get_by_text("“31 february” isn't a day.", exact=True)).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a line that can't be read")
    line.fill("Book the cabin every week tomorrow at 9 #trip !1")
    chips = ada.locator("#understood button")
    expect(chips).to_have_text([re.compile(one) for one in WHAT_CHIPS_SAY])
    expect(ada.locator("#voice")).to_contain_text("Understood: every week, tomorrow, 9:00")
    expect_no_complaint_in_any_look(ada, "a line with chips")
    chips.first.click()
    expect(chips.last).to_have_text(re.compile("“every week”"))
    expect(line).to_be_focused()
    expect_no_complaint_in_any_look(ada, "a line with a piece taken off")
    chips.last.click()
    expect(chips.first).to_have_text(re.compile("every week"))
    chips.first.click()
    expect(chips.last).to_have_text(re.compile("“every week”"))
    ada.keyboard.press("Enter")
    expect(ada.get_by_text("You will be reminded tomorrow 9:00.")).to_be_visible()
    expect(ada.get_by_role("strong")).to_have_text("Book the cabin every week")
    ada.wait_for_load_state()
    ada.locator("h1").click()
    ada.keyboard.press("r")
    expect(line).to_be_focused()
    row = ada.locator(".item", has_text="Book the cabin")
    expect(row).to_contain_text("9:00")
    expect_no_complaint_in_any_look(ada, "the list of reminders")
    row.get_by_role("button", name="Done").click()
    expect(ada.get_by_text("Done.", exact=False).first).to_be_visible()
    done = ada.locator(".item.done", has_text="Book the cabin")
    expect(done).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a way back from done")
    done.get_by_role("button", name="Undo").click()
    expect(ada.get_by_text("It is as it was before.")).to_be_visible()
    expect(row.get_by_role("button", name="Done")).to_be_visible()
    row.get_by_role("link").click()
    expect(ada.get_by_role("heading", name="Book the cabin")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a reminder")
    for path in PLACES:
        ada.goto(path)
        expect_no_complaint_in_any_look(ada, path)
    ada.get_by_label("Name").fill("Phone")
    ada.get_by_role("button", name="Make the address").click()
    expect(ada.get_by_role("button", name="Copy")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a new calendar address")
    ada.goto("/reminders/")
    row.get_by_role("link").click()
    ada.get_by_role("link", name="Edit").click()
    expect(ada.get_by_label("What")).to_have_value("Book the cabin every week")
    expect_no_complaint_in_any_look(ada, "the form of a reminder")


def test_a_quick_enter_adds_and_says_what_was_understood(ada):
    ada.goto("/reminders/")
    line = ada.get_by_label(LINE)
    line.fill("Return the ladder tomorrow at 9")
    line.press("Enter")
    expect(ada.get_by_text("You will be reminded tomorrow 9:00.")).to_be_visible()
    expect(line).to_have_value("")
    line.fill("Return the saw 31 february")
    line.press("Enter")
    expect(ada.get_by_text("It isn't added yet", exact=False)).to_be_visible()
    expect(line).to_have_value("Return the saw 31 february")
    forgive(ada, "status of 422")


def test_the_words_of_a_line_survive_the_end_of_the_session(chromium, house, ada):
    # A session of its own: the others' cookies stay good.
    page = chromium.new_context(base_url=house.url).new_page()
    sign_in(page)
    page.goto("/reminders/")
    page.wait_for_load_state()
    page.context.clear_cookies()
    line = page.get_by_label(LINE)
    line.fill("Water the fig tomorrow at 9")
    line.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out")
    expect(line).to_have_value("Water the fig tomorrow at 9")
    page.get_by_role("button", name="More").click()
    expect(line).to_have_value("Water the fig tomorrow at 9")
    sign_in(page.context.new_page())
    line.press("Enter")
    expect(page.get_by_text("You will be reminded tomorrow 9:00.")).to_be_visible()
    page.context.close()


def test_a_notice_arrives_on_an_open_page(ada):
    ada.goto("/notes/")
    set_elsewhere(ada, "Turn off the oven")
    toast = ada.locator(".toast.told")
    expect(toast).to_contain_text("Turn off the oven")
    expect(ada.locator("#unread-bell")).to_contain_text("1")
    expect_no_complaint_in_any_look(ada, "a notice on an open page")
    ada.set_viewport_size({"width": 1280, "height": 820})
    toast.get_by_role("button", name="Done").click()
    expect(toast).to_have_count(0)
    expect(ada.locator("#unread-bell")).to_be_hidden()
    ada.goto("/reminders/notices")
    expect(ada.locator(".rows.told")).to_contain_text(re.compile("Turn off the oven.*done"))
    expect_no_complaint_in_any_look(ada, "the notices")


def test_a_reminder_is_put_off_by_its_menu_and_comes_back_from_the_trash(ada):
    add(ada, f"Water the tomatoes {this_minute()}")
    row = ada.locator(".item", has_text="Water the tomatoes")
    row.locator("summary").click()
    expect_no_complaint_in_any_look(ada, "the menu of a reminder")
    row.get_by_role("button", name="Tomorrow").click()
    expect(ada.get_by_text("Put off until tomorrow 9:00.")).to_be_visible()
    expect(row).to_contain_text("put off until 9:00")
    row.locator("summary").click()
    row.get_by_role("link", name="To another time").click()
    expect_no_complaint_in_any_look(ada, "another time")
    ada.goto("/reminders/")
    row.locator("summary").click()
    row.get_by_role("button", name="Move to the trash").click()
    expect(row).to_have_count(0)
    ada.get_by_role("button", name="Undo").first.click()
    expect(row).to_contain_text("put off until 9:00")


def test_the_browser_tells_who_does_not_look(ada):
    ada.context.grant_permissions(["notifications"])
    # Chromium without a window shows no notifications; what it is asked for is kept instead.
    ada.add_init_script(
        """
        window.shown = [];
        window.Notification = class extends EventTarget {
          static permission = "granted";
          constructor(title) { super(); shown.push(title); }
        };
        Object.defineProperty(document, "hidden", { get: () => true });
        """
    )
    ada.goto("/notes/")
    set_elsewhere(ada, "Fetch the parcel")
    expect(ada.locator(".toast.told", has_text="Fetch the parcel")).to_be_visible()
    ada.wait_for_function("shown.length")
    assert ada.evaluate("shown") == ["You have a reminder"]
    ada.goto("/you/settings/")
    expect(ada.get_by_text("This browser tells you.")).to_be_visible()
    ada.get_by_label("Say what it is").check()
    expect_no_complaint_in_any_look(ada, "the settings with notifications")
    set_elsewhere(ada, "Close the window")
    expect(ada.locator(".toast.told", has_text="Close the window")).to_be_visible()
    ada.wait_for_function("shown.length")
    assert ada.evaluate("shown") == ["Close the window"]


def deliver(page: Page, message: bytes) -> None:
    """Hand it to the service worker, as the browser does with what its maker's server brings."""
    protocol, found = page.context.new_cdp_session(page), []
    protocol.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.append(said))
    protocol.send("ServiceWorker.enable")
    wait_until(lambda: page.evaluate("1") and found)
    (registration,) = found[-1]["registrations"]
    to = {
        "origin": page.evaluate("location.origin"),
        "registrationId": registration["registrationId"],
    }
    protocol.send("ServiceWorker.deliverPushMessage", {**to, "data": message.decode()})
    protocol.detach()


SHOWN = """
navigator.serviceWorker.ready
  .then((registration) => registration.getNotifications())
  .then((all) => all.map(({ title, body }) => [title, body]))
"""

# An event that the browser alone can make; what the script does about it is waited for here.
HAPPENS = """
async ([name, said]) => {
  const [notification] = await registration.getNotifications();
  const newSubscription = said && { toJSON: () => said.after };
  const event = Object.assign(new Event(name), {
    notification,
    oldSubscription: said && { endpoint: said.before },
    newSubscription,
    waitUntil: (promise) => (event.done = promise),
  });
  clients.openWindow = ({ pathname, search }) => (event.opened = pathname + search);
  dispatchEvent(event);
  await event.done;
  return event.opened;
}
"""


def test_a_browser_is_told_while_no_page_is_open(ada, push_service):
    """All but what its maker's server does: that gives out an address, and brings what is sent."""
    keys = BrowserKeys()
    before, after = (keys.said(f"{push_service.url}{path}") for path in ("before", "after"))
    ada.add_init_script(pretend_to_subscribe(before))
    ada.context.grant_permissions(["notifications"])
    ada.goto("/reminders/told/push")
    expect(ada.get_by_label("Name")).to_have_value("Chrome, Linux")
    expect_no_complaint_in_any_look(ada, "a browser that isn't told yet")
    ada.get_by_role("button", name="Tell me in this browser").click()
    expect(ada.get_by_text("This browser is told, as “Chrome, Linux”.")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a browser that is told")

    add(ada, f"Take the cake out {this_minute()}")
    wait_until(lambda: push_service.requests)
    message = keys.read(push_service.requests[0].body)
    assert b"cake" not in message
    for _twice in range(2):
        deliver(ada, message)
    wait_until(lambda: ada.evaluate(SHOWN))
    assert ada.evaluate(SHOWN) == [["You have a reminder", ""]]

    (worker,) = ada.context.service_workers
    assert worker.evaluate(HAPPENS, ["notificationclick", None]) == json.loads(message)["page"]
    assert ada.evaluate(SHOWN) == []
    moved = {"before": before["endpoint"], "after": after}
    worker.evaluate(HAPPENS, ["pushsubscriptionchange", moved])
    ada.goto("/reminders/told/push")
    assert ada.locator("[data-endpoint]").get_attribute("data-endpoint") == after["endpoint"]
