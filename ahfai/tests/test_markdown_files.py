"""A text shows the files of its person that its caller names, and no others."""

import re
import uuid

import pytest

from ahfai import markdown
from ahfai.markdown import files
from ahfai.markdown.allowed import only_allowed
from ahfai.markdown.files import File

ID, OTHER = uuid.UUID(int=2**127 + 11), uuid.UUID(int=2**127 + 12)
HERE = "/you/files/here"
PICTURE = {str(ID): File("plan <1>.png", HERE, True)}
PAPER = {str(ID): File("offer <1>.pdf", HERE, False)}


def test_a_picture_stands_in_its_place_and_leads_to_itself():
    html = markdown.render(f'The ![oak "front"](file:{ID}) here', PICTURE)
    assert f'<img src="{HERE}" alt="oak &quot;front&quot;" loading="lazy">' in html
    assert re.search(rf'<a href="{HERE}"[^>]*><img [^>]*></a>', html)
    assert html.startswith("<p>The <a")


def test_a_picture_in_a_link_leads_where_the_link_does():
    html = markdown.render(f"[![oak](file:{ID})](https://oak.example)", PICTURE)
    assert re.search(r'<a href="https://oak.example"[^>]*><img [^>]*></a>', html)
    assert html.count("<a ") == 1
    assert "oak.example</span>" in html


def test_another_file_is_a_link_however_it_is_written():
    for written in (f"[The offer](file:{ID})", f"![The offer](file:{str(ID).upper()})"):
        html = markdown.render(written, PAPER)
        assert re.search(rf'<a href="{HERE}"[^>]*>The offer</a>', html)
        assert "<img" not in html


def test_without_words_the_name_is_said():
    assert 'alt="plan &lt;1&gt;.png"' in markdown.render(f"![](file:{ID})", PICTURE)
    assert ">offer &lt;1&gt;.pdf</a>" in markdown.render(f"[](file:{ID})", PAPER)


def test_a_file_that_is_not_named_is_told():
    for written in (f"![oak](file:{OTHER})", f"[oak](file:{OTHER})"):
        html = markdown.render(written, PICTURE)
        assert 'oak <span class="host">this file isn\'t here</span>' in html.replace("&#x27;", "'")
        assert "<img" not in html
        assert "<a " not in html
        assert "<img" not in markdown.render(written)


@pytest.mark.parametrize(
    "written",
    [
        "![x](https://evil.example/x.png)",
        f"![x]({HERE})",
        f"[x]({HERE})",
        "![x](/you/files/other)",
        "[x](/account/sign-out/)",
        "![x](//evil.example/x.png)",
        f"<img src={HERE} onerror=alert(1)>",
        f"![x](file:{ID}?x)",
        f"![x](file:///{ID})",
        f"![x](file:{ID}/../../other)",
        f"`![x](file:{ID})`",
    ],
)
def test_nothing_else_becomes_a_picture_or_a_link_into_this_site(written):
    html = markdown.render(written, PICTURE)
    assert "<img" not in html
    assert 'href="/' not in html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ('<img src="https://evil.example/x">', "<img>"),
        ('<img src="//evil.example/x">', "<img>"),
        ('<img src="/you/files/other">', "<img>"),
        ('<img src="data:image/png;base64,xx">', "<img>"),
        (f'<img src="{HERE}" srcset="{HERE}" onerror="x">', f'<img src="{HERE}">'),
        ('<a href="/account/sign-out/">x</a>', "x"),
        ('<a href="//evil.example/">x</a>', "x"),
        ('<a href="javascript:x">x</a>', "x"),
        ('<form action="/x"><button formaction="/y">x</button></form>', "x"),
    ],
)
def test_the_last_gate_holds_whatever_comes_before_it(html, clean):
    found = only_allowed(html, frozenset({HERE}))
    assert re.sub(r"</?a[^>]*>", "", found) == clean
    assert "href" not in found
    assert "<img" not in only_allowed(html)


def test_the_words_are_read_aloud_without_the_address():
    assert markdown.plain(f"The ![oak](file:{ID}) and [offer](file:{ID})") == "The oak and offer"
    assert files.in_words(f"a ![o\\]k](file:{ID}) [b](file:{ID}) [c](x)") == "a o]k b [c](x)"


@pytest.mark.parametrize(
    "name", ["plan.png", "a]b[c.png", "*x* `y` $z$ <b> \\ &amp; !.png", ".png"]
)
def test_a_reference_to_a_file_of_any_name_holds(name):
    written = files.reference(name, ID, True)
    assert files.ids(written * 2) == [ID]
    html = markdown.render(f"Look! {written}", PICTURE)
    words = name.rpartition(".")[0] or name
    assert f'alt="{markdown.escape(words)}"' in html
    assert markdown.plain(written) == words
    assert files.in_words(written) == words
