"""Notes, as a person writes them in a real Chromium."""

import re

import pytest
from playwright.sync_api import Page, expect

from ahfai.tests.test_browser import (
    NARROW,
    ada,
    ask,
    chromium,
    expect_no_complaint_in_any_look,
    forgive,
    house,
    ollama,
    pytestmark,
    sign_in,
    sign_out,
    signed_in,
)
from chats.tests.test_sources import answering

__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]
TROUBLE = "[data-trouble]"


@pytest.fixture
def note(ada) -> str:
    """The address of a note of Ada's."""
    return write(ada, "Kitchen", "Oak fronts\nWhite stone\nNo handles")


def write(page: Page, title: str, body: str) -> str:
    page.goto("/notes/new")
    page.wait_for_load_state()
    # As if pasted in one go: between two keys a busy machine would save.
    for label, words in (("Title", title), ("Text", body)):
        page.get_by_label(label, exact=True).evaluate("(box, words) => (box.value = words)", words)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".note h1")).to_have_text(title or "Without a title")
    # Before its scripts are there, each press of a task loads the page anew.
    page.wait_for_load_state()
    return page.url


def edit(page: Page, address: str) -> Page:
    page.goto(f"{address}edit")
    page.wait_for_load_state()
    return page


def says(page: Page, words: str) -> None:
    expect(page.locator("[data-state]")).to_have_text(words)


def text(page: Page):
    return page.get_by_label("Text", exact=True)


def test_what_is_written_is_saved_by_itself(ada):
    ada.goto("/notes/new")
    ada.wait_for_load_state()
    expect(ada.locator("[data-state]")).to_be_hidden()
    # Each of them may stand there for a moment only.
    ada.evaluate(
        """() => {
          window.said = [];
          const chip = document.querySelector("[data-state]");
          new MutationObserver(() => said.push(chip.textContent))
            .observe(chip, { childList: true });
        }"""
    )
    text(ada).fill("Induction hob")
    says(ada, "saved")
    assert ada.evaluate("said")[:3] == ["not saved yet", "saving…", "saved"]
    expect(ada).to_have_url(re.compile("/notes/[0-9a-f-]+/edit$"))
    expect(ada.get_by_role("heading", name="Edit this note")).to_be_visible()
    expect(ada).to_have_title(re.compile("Edit this note"))
    text(ada).press_sequentially(", oak fronts")
    says(ada, "saved")
    ada.reload()
    expect(text(ada)).to_have_value("Induction hob, oak fronts")
    expect_no_complaint_in_any_look(ada, "the editor")


def test_a_title_is_saved_when_it_has_been_written_to_its_end(ada):
    note = write(ada, "Hall", "Coats")
    linking = write(ada, "Plan", "See [[Hall]].")
    edit(ada, note)
    ada.get_by_label("Title").press("End")
    ada.get_by_label("Title").press_sequentially(" and stairs", delay=200)
    says(ada, "not saved yet")
    ada.get_by_label("Title").press("Tab")
    says(ada, "saved")
    ada.goto(linking)
    expect(ada.locator("#note-body")).to_contain_text("See Hall and stairs.")
    # Or when it rests for a while.
    edit(ada, note)
    ada.get_by_label("Title").fill("Stairs")
    says(ada, "not saved yet")
    says(ada, "saved")
    expect(ada.get_by_label("Title")).to_be_focused()


def test_leaving_saves_the_last_key(ada, note):
    edit(ada, note)
    text(ada).fill("The last key")
    ada.get_by_role("link", name="Back to the note").click()
    expect(ada.locator(".note h1")).to_be_visible()
    assert ada.locator("#note-body .prose").text_content().strip() == "The last key"


def test_loading_again_or_going_back_shows_the_last_key(ada, note):
    edit(ada, note)

    # The next page is quicker than the words.
    held = []
    ada.route("**/edit", lambda route: held.append(route) if is_post(route) else route.continue_())
    text(ada).fill("The last key")
    ada.reload()
    held.pop().continue_()
    expect(text(ada)).to_have_value("The last key")
    expect(text(ada)).to_be_editable()
    ada.unroute("**/edit")
    text(ada).press("End")
    text(ada).press_sequentially(", and on")
    says(ada, "saved")
    text(ada).fill("Back")
    ada.go_back()
    expect(ada.locator("#note-body .prose")).to_have_text("Back")


def is_post(route) -> bool:
    return route.request.method == "POST"


def test_a_second_tab_is_told_and_gets_both_texts(ada, note):
    other = edit(ada.context.new_page(), note)
    text(other).fill("Oak fronts\nWhite stone\nNo handles\nHood")
    says(other, "saved")
    edit(ada, note)
    # Between two earlier versions that are kept there may be many.
    for stone in ("Grey", "Black"):
        text(ada).fill(f"Oak fronts\n{stone} stone\nNo handles\nHood")
        says(ada, "saved")
    text(other).fill("Oak fronts\nWhite stone\nNo handles\nHood outside")
    expect(other.locator(TROUBLE)).to_contain_text("changed in another tab")
    expect(text(other)).to_have_value("Oak fronts\nWhite stone\nNo handles\nHood outside")
    expect_no_complaint_in_any_look(other, "an editor that can't save")
    other.get_by_role("button", name="See both texts").click()
    expect(other.get_by_role("heading", name="Changed in two places")).to_be_visible()
    expect(other.get_by_text("Both changes fit together")).to_be_visible()
    expect(text(other)).to_have_value("Oak fronts\nBlack stone\nNo handles\nHood outside")
    expect_no_complaint_in_any_look(other, "both texts of a conflict")
    other.get_by_role("button", name="Save this text").click()
    expect(other.locator("#note-body")).to_contain_text("Hood outside")
    other.go_back()
    expect(text(other)).to_have_value("Oak fronts\nBlack stone\nNo handles\nHood outside")
    other.context.close()
    forgive(ada, "status of 409")


def test_a_note_that_is_open_while_one_that_it_links_to_is_renamed_goes_on(ada):
    hall = write(ada, "Hall", "Coats")
    plan = write(ada, "Plan", "See [[Hall]] and")
    other = edit(ada.context.new_page(), plan)
    edit(ada, hall)
    ada.get_by_label("Title").fill("Hall and stairs")
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator(".note h1")).to_have_text("Hall and stairs")
    text(other).press("Control+End")
    text(other).press_sequentially(" more")
    says(other, "saved")
    expect(text(other)).to_have_value("See [[Hall and stairs]] and more")
    text(other).press_sequentially(" words")
    says(other, "saved")
    ada.goto(plan)
    expect(ada.locator("#note-body .prose")).to_have_text("See Hall and stairs and more words")
    other.context.close()


def test_offline_the_text_stays_and_is_saved_when_the_way_is_free(ada, note):
    edit(ada, note)
    ada.context.set_offline(True)
    text(ada).fill("Written on a train")
    expect(ada.locator(TROUBLE)).to_contain_text("the server can't be reached")
    expect(ada.locator("[data-state]")).to_be_hidden()
    text(ada).fill("Written on a train, in a tunnel")
    ada.context.set_offline(False)
    says(ada, "saved")
    expect(ada.locator(TROUBLE)).to_be_hidden()
    ada.reload()
    expect(text(ada)).to_have_value("Written on a train, in a tunnel")
    forgive(ada, "ERR_INTERNET_DISCONNECTED")


def test_a_save_that_arrived_without_an_answer_is_no_conflict(ada, note):
    edit(ada, note)

    def swallow(route):
        route.fetch()
        route.abort()

    ada.route("**/edit", swallow)
    text(ada).fill("Arrived unseen")
    expect(ada.locator(TROUBLE)).to_contain_text("can't be reached")
    ada.unroute("**/edit")
    text(ada).fill("Arrived unseen, and went on")
    says(ada, "saved")
    ada.reload()
    expect(text(ada)).to_have_value("Arrived unseen, and went on")
    forgive(ada, "ERR_FAILED")


def test_after_a_lost_session_the_text_is_saved_once_one_is_signed_in_again(chromium, house, ada):
    # A session of its own: the others' cookies stay good.
    page = chromium.new_context(base_url=house.url).new_page()
    sign_in(page)
    note = write(page, "Cellar", "Wine")
    edit(page, note)
    door = page.context.new_page()
    sign_out(door)
    text(page).fill("Wine and apples")
    expect(page.locator(TROUBLE)).to_contain_text("you are signed out")
    expect(text(page)).to_have_value("Wine and apples")
    sign_in(door)
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")
    says(page, "saved")
    door.goto(note)
    expect(door.locator("#note-body")).to_have_text("Wine and apples")
    page.context.close()


def test_a_task_is_ticked_in_its_place_and_a_link_writes_the_next_note(ada):
    address = write(ada, "List", "- [ ] call the mason\n- [ ] see [[Window sill]]")
    # A page that was loaded anew would have forgotten this.
    ada.evaluate("window.sameDocument = true")
    first = ada.get_by_role("button", name="Done").first
    expect(first).to_have_attribute("aria-pressed", "false")
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    ada.get_by_role("button", name="Done").last.click()
    expect(ada.get_by_role("button", name="Done", pressed=True)).to_have_count(2)
    assert ada.evaluate("window.sameDocument")
    expect_no_complaint_in_any_look(ada, "a note with tasks")
    ada.get_by_role("link", name="Window sill").click()
    ada.wait_for_load_state()
    expect(ada.get_by_label("Title")).to_have_value("Window sill")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_role("heading", name="Linked from")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a note with back-links")
    ada.goto(address)
    expect(ada.get_by_role("link", name="Window sill").first).to_be_visible()
    ada.goto(f"{address}history")
    expect_no_complaint_in_any_look(ada, "a history")
    ada.locator(".rows a").first.click()
    expect_no_complaint_in_any_look(ada, "an earlier version")
    ada.get_by_role("button", name="Go back to this").click()
    expect(ada.get_by_text("The note is as it was then")).to_be_visible()


def test_each_of_many_fast_ticks_counts_and_one_that_is_lost_is_taken_off(ada):
    address = write(ada, "List", "- [ ] task\n" * 8)
    done = ada.get_by_role("button", name="Done", pressed=True)
    ada.evaluate("document.querySelectorAll('.task-open').forEach(task => task.click())")
    expect(done).to_have_count(8)
    ada.get_by_role("button", name="Done").first.click()
    expect(done).to_have_count(7)
    # Nine ticks, and the answers to all of them are here.
    expect(ada.locator("#note-body [name=version]")).to_have_value("10")
    assert ada.request.get(address).text().count('aria-pressed="true"') == 7
    ada.context.set_offline(True)
    done.first.click()
    expect(ada.get_by_text("This didn't get through")).to_be_visible()
    expect(done).to_have_count(7)
    ada.context.set_offline(False)
    # Ticked elsewhere meanwhile.
    ada.locator("#note-body [name=version]").evaluate("field => (field.value = 2)")
    done.first.click()
    expect(ada.get_by_text("nothing was ticked")).to_be_visible()
    expect(done).to_have_count(7)
    forgive(ada, "ERR_INTERNET_DISCONNECTED", "status of 409")


def test_a_box_stands_beside_its_task_whichever_way_the_words_run(ada):
    write(
        ada,
        "Both ways",
        "Two\n\n- [ ] to the right\n- [x] משמאל לימין\n\n1. [ ] loose\n\n2. [ ] too",
    )
    covered = ada.evaluate(
        """() => [...document.querySelectorAll(".task")].filter((task) => {
          const box = task.querySelector("button").getBoundingClientRect();
          const words = document.createRange();
          words.setStartAfter(task.querySelector("button"));
          words.setEndAfter(task.lastChild);
          return [...words.getClientRects()].some(
            (line) => line.width && line.left < box.right && line.right > box.left
              || box.bottom < line.top || box.top > line.bottom);
        }).length"""
    )
    assert covered == 0


def test_the_sentence_above_a_history_runs_on_under_itself(ada, note):
    edit(ada, note)
    text(ada).fill("Ash fronts")
    says(ada, "saved")
    ada.set_viewport_size(NARROW)
    ada.goto(f"{note}history")
    is_one_column = """(sentence) => {
      const end = document.createRange();
      end.selectNode(sentence.lastChild);
      const lines = [...end.getClientRects()];
      return lines.length > 1 && lines.at(-1).left === sentence.getBoundingClientRect().left;
    }"""
    assert ada.get_by_text("is kept as it was").evaluate(is_one_column)


def test_what_stands_in_lists_of_notes_is_accessible(ada, note):
    for path in ("/notes/", "/notes/?pick=1", f"{note}tags", f"{note}delete"):
        ada.goto(path)
        expect_no_complaint_in_any_look(ada, path)
    ada.goto("/notes/")
    ada.locator(".rows details.menu > summary").first.click()
    expect_no_complaint_in_any_look(ada, "the menu of a note")
    ada.get_by_role("button", name="Move to the trash").click()
    expect_no_complaint_in_any_look(ada, "a way back from the trash")
    ada.goto("/notes/trash")
    expect_no_complaint_in_any_look(ada, "the trash")


def test_a_preview_stands_beside_the_words_and_follows_them(ada, note):
    edit(ada, note)
    text(ada).fill("Some *oak*")
    preview, button = ada.get_by_role("region", name="Preview"), ada.get_by_role("button")
    button.filter(has_text="Preview").click()
    expect(preview.locator("em")).to_have_text("oak")
    beside = preview.bounding_box(), text(ada).bounding_box()
    assert beside[0]["x"] >= beside[1]["x"] + beside[1]["width"]
    text(ada).fill("Some *ash*")
    expect(preview.locator("em")).to_have_text("ash")
    says(ada, "saved")
    expect_no_complaint_in_any_look(ada, "a preview")
    # Narrow now.
    expect(text(ada)).to_be_hidden()
    ada.context.set_offline(True)
    ada.get_by_role("button", name="Back to the text").click()
    expect(text(ada)).to_be_focused()
    expect(text(ada)).to_have_value("Some *ash*")
    button.filter(has_text="Preview").click()
    expect(preview.get_by_role("alert")).to_contain_text("the server can't be reached")
    ada.context.set_offline(False)
    forgive(ada, "ERR_INTERNET_DISCONNECTED")


def test_without_scripts_a_note_is_written_all_the_same(chromium, house, signed_in):
    context = chromium.new_context(
        base_url=house.url, storage_state=signed_in, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/notes/new")
    page.get_by_label("Title").fill("Attic")
    text(page).fill("Boxes")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".note h1")).to_have_text("Attic")
    address = page.url
    edit(page, address)
    text(page).fill("Boxes and *books*")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview em")).to_have_text("books")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#note-body")).to_have_text("Boxes and books")
    context.close()


def test_on_a_narrow_screen_the_order_and_select_several_stand_side_by_side(ada, note):
    ada.set_viewport_size(NARROW)
    ada.goto("/notes/")
    order, several = (ada.locator(".how").locator("summary, .link").nth(place) for place in (0, 1))
    boxes = order.bounding_box(), several.bounding_box()
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=2)
    assert 0 < boxes[1]["x"] - boxes[0]["x"] - boxes[0]["width"] < 40
    order.click()
    menu = ada.locator(".order .options")
    assert menu.bounding_box()["x"] >= 0
    menu.get_by_role("link", name="By title").click()
    expect(order).to_contain_text("By title")
    expect_no_complaint_in_any_look(ada, "the list of notes by title")


def test_an_answers_number_leads_to_the_passage_in_its_note(ada, ollama):
    note = write(ada, "Pantry", "Pine boards\nTin roof\nNo drawers")
    ollama.play(answering("The pantry has pine boards [1].\n\n", "The roof is tin."))
    ada.goto("/")
    ada.get_by_label("Use my notes").select_option("always")
    ask(ada, "What are the boards of the pantry made of?")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "an answer with sources")
    number = ada.get_by_role("link", name="Source 1: Pantry", exact=True)
    number.focus()
    ada.keyboard.press("Enter")
    expect(ada).to_have_url(re.compile(rf"^{note}\?passage="))
    expect(ada.locator("mark#found")).to_have_text("Pine boards")
    ada.go_back()
    ada.locator(".sources").get_by_role("link", name="Pantry").click()
    expect(ada.locator("mark#found")).to_be_visible()
    ada.go_back()
    ada.locator(".bar .menu > summary").click()
    ada.locator(".bar").get_by_role("link", name="Use my notes").click()
    ada.get_by_label("Find a note by its title").fill("pan")
    ada.keyboard.press("Enter")
    ada.get_by_label("Pantry").check()
    expect_no_complaint_in_any_look(ada, "the notes of a chat")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_label("Use my notes")).to_have_value("always")
