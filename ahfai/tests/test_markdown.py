"""What Markdown becomes, whole and while it grows."""

import html as html_library
import itertools
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ahfai import markdown
from chats.tests.fake_ollama import STORY

LISTS = (
    "Intro\n\n1. one\n\n2. two\n   more\n\n   - deep\n\n"
    "End.\n\nTitle\n=====\n\n~~~\ncode\n\n~~~\nlast\n"
)
FORMULAS = (
    "The area:\n\\[\nA = \\pi r^2\n- 1\n\\]\nand $$\n\n"
    "$$\n\\begin{aligned}\na &= b \\\\\n- c &= d\n\\end{aligned}\n$$\n\n"
    "$$\nnever closed\n# not a heading\n\nafter\n\n> quoted\n> $$\n> x\nlazy\n\ndone\n\n"
)
MIXED = """# Trip

Leave *early*:
- [ ] book
- [x] pack

  more

|a|b|
|-|-|
|1|2|
last row

````md
```py
x
```

````
[1]: https://example.org
'title

#hashtag
#
***
    code

    more
end
""".replace("\n", "\r\n")
PIECES = [
    *(
        "a",
        "b c",
        "# h",
        "##x",
        "---",
        "- x",
        "-",
        "* y",
        "1. a",
        "2) b",
        "  - sub",
        "===",
        "    code",
    ),
    *(
        "\tcode",
        "  in",
        "> q",
        ">",
        "> - x",
        "> a|b",
        "> ```",
        "```",
        "```py",
        "~~~",
        "````",
        "- ```",
    ),
    *(
        "$$",
        "$$x$$",
        "$$ y",
        "z $$",
        "  $$",
        "> $$",
        "\\[",
        "\\]",
        "\\[x=1\\]",
        "| a | b |",
        "|-|-|",
    ),
    *(
        "a|b",
        "-|-",
        "|",
        "[f]: /u",
        "'t",
        "t'",
        "<div>",
        "\\",
        "`",
        "\u2028",
        " \t",
        "",
        "",
        "",
        "",
    ),
]


def text_of(html: str) -> str:
    return html_library.unescape(re.sub(r"<[^>]+>", " ", html))


def test_headings_go_down_two_levels_and_line_breaks_stay():
    assert markdown.render("# One\n#### Four\na\nb") == (
        "<h3>One</h3>\n<h6>Four</h6>\n<p>a<br>\nb</p>\n"
    )


def test_code_tables_lists_and_formulas_are_readable():
    html = markdown.render(STORY)
    assert '<div class="code" data-language="python">' in html
    assert "<table>" in html
    assert "<math" in html
    assert "<li>" in html
    assert "<h3>" in html
    assert "<h1" not in html


def test_code_has_a_head_with_its_language_and_coloured_words():
    assert markdown.render('```Python title="x"\nif x: pass\n```') == (
        '<div class="code" data-language="python"><div class="code-head"><span>Python</span></div>'
        '<pre tabindex="0"><code class="highlight"><span class="k">if</span> x: '
        '<span class="k">pass</span>\n</code></pre></div>\n'
    )


def test_code_in_an_unknown_language_or_very_long_code_has_one_colour():
    for text in ("```klingon\nif x: pass\n```", "    if x", "```py\n" + "if x\n" * 5000 + "```"):
        html = markdown.render(text)
        assert "if x" in html
        assert "<span class" not in html


def test_tables_scroll_in_a_frame_of_their_own_and_keep_their_alignment():
    html = markdown.render("|a|b|\n|:-:|--:|\n|1|2|")
    assert '<div class="table" tabindex="0" role="group" aria-label="Table"><table>' in html
    assert '<td class="center">1</td>\n<td class="right">2</td>' in html


def test_task_lists_say_what_is_done():
    html = markdown.render("- [ ] book\n- [x] pack\n- [x](https://a.example) link")
    assert 'aria-label="To do"></span>book' in html
    assert 'aria-label="Done"></span>pack' in html
    assert html.count('<li class="task">') == 2


def test_a_link_shows_its_host_unless_its_words_do():
    def host(text: str) -> str | None:
        found = re.search(r'<span class="host">(.*?)</span>', markdown.render(text))
        return found and found[1]

    for shown in ("https://a.example/x", "<https://a.example>", "[a.example](https://a.example/y)"):
        assert host(shown) is None, shown
    assert host("<mailto:me@a.example>") is None
    assert host("[here](https://a.example/x?y=z)") == "a.example"
    assert host("[bank.example](https://evil.example)") == "evil.example"
    assert host("[bank.example or evil.example](https://evil.example)") == "evil.example"
    assert host("[visit ba.co](https://a.co)") == "a.co"
    assert host("https://bank.example@evil.example/") == "evil.example"
    assert host("[\u202eevil.example](https://evil.example)") == "evil.example"
    assert host("https://\u0430pple.example") == "xn--pple-43d.example"
    assert host("[write](mailto:me@a.example?subject=hi)") == "me@a.example"
    assert host("[box](http://nas:8080/)") == "nas:8080"


def test_a_link_into_this_site_or_to_another_scheme_is_only_named():
    for target in ("/notes/1", "notes", "//a.example", "ftp://a.example", "javascript:x()"):
        html = markdown.render(f"[my note]({target})")
        assert "<a" not in html
        assert f'my note <span class="host">{target}</span>' in html
    assert markdown.render("[up](#top)") == "<p>up</p>\n"
    for target in ("https:a.example", "https:///a.example", "https://", "https://a b.example"):
        assert "<a" not in markdown.render(f"[x](<{target}>)"), target


def test_an_image_becomes_a_link_with_its_words():
    html = markdown.render("![a cat](https://a.example/cat.png)")
    assert "<img" not in html
    assert '>a cat</a> <span class="host">a.example</span>' in html
    nested = markdown.render("[![badge](https://a.example/b.png)](https://b.example)")
    assert nested.count("<a ") == 1
    assert '>badge</a> <span class="host">b.example</span>' in nested
    assert ">https://a.example/c.png</a>" in markdown.render("![](https://a.example/c.png)")


def test_formulas_in_the_ways_models_write_them():
    for source in ("$x^2$", "\\(x^2\\)", "$$\nx^2\n$$", "\\[\nx^2\n\\]", "a: \\[x^2\\] b"):
        assert "<msup>" in markdown.render(source), source
    assert '<math display="block">' in markdown.render("The sum:\n\\[\na\n- b\n\\].\n")
    assert "<math><mi>n</mi></math>" in markdown.render("for \\(n\\) steps")
    assert "<msup>" in markdown.render("1. first\n\n   $$\n   x^2\n   $$")


def test_prices_shell_variables_and_escaped_brackets_are_no_formulas():
    for text in (
        "It costs $5 or $6.",
        "from $5-$10, US$3 and CA$4",
        "$HOME/$PATH",
        "\\[sic\\]",
        "\\[1\\] note",
        "\\(see above\\)",
        "`$x^2$`",
        "$ x $",
        "\\$x^2\\$",
    ):
        assert "<math" not in markdown.render(text), text


def test_columns_of_a_formula_keep_their_sides_without_style_attributes():
    html = markdown.render("$$\\begin{aligned}a&=b\\end{aligned}$$")
    assert '<mtd class="right"><mi>a</mi></mtd><mtd class="left">' in html
    assert " style=" not in html


def test_a_broken_formula_is_shown_as_it_was_typed():
    assert '<code class="latex">\\frac{1}</code>' in markdown.render("$\\frac{1}$")
    assert "never closed" in markdown.render("$$\nnever closed\n\nafter")


@pytest.mark.parametrize(
    "latex",
    [
        "{" * 3900,
        "\\sqrt{" * 600,
        "x^{" * 1200,
        "\\bm" * 1300,
        "\\hat\\frac" * 400,
        "\\left(" * 600,
        "\\def\\a{\\sqrt\\a}\\a",
        "f(" * 100,
        "\\{" * 100,
        "\\bigl(x" * 100,
        "(\\hat)" * 100,
        "\\bra(x" * 100,
        "(x_" * 100,
        "\\langle[x" * 100,
    ],
)
def test_no_formula_ends_the_process_or_keeps_it_busy(latex):
    program = (
        "import sys; from django.conf import settings; settings.configure(USE_I18N=False);"
        "from ahfai import markdown; print(markdown.render(sys.stdin.read()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=f"$${latex}x$$",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "x" in done.stdout


def test_a_formula_with_many_brackets_is_still_set():
    assert "<math" in markdown.render("$" + "+".join(["f(x)g[y]"] * 20) + "$")


def test_never_raises_whatever_the_text():
    for text in ("", "\ud800", "\x00", "```", "$$", "|", "\\", "[]()", "<", "&#0;"):
        assert isinstance(markdown.render(text), str)
        assert isinstance(markdown.plain(text), str)
        markdown.render(text).encode()


def test_what_is_nested_too_deep_or_has_too_many_parts_is_shown_as_typed():
    table = "a|" * 250 + "\n" + "-|" * 250 + "\n" + "word\n" * 200
    for text in ("> " * 40 + "word", table):
        assert markdown.render(text).startswith('<pre class="plain"')
        assert text_of(markdown.render(text)).count("word") == text.count("word")


def test_many_threads_get_the_same_answer_from_the_first_moment():
    from ahfai.markdown import rendering

    expected = markdown.render(STORY)
    rendering._parser.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(markdown.render, [STORY] * 16)) == {expected}


def test_nothing_heavy_is_loaded_before_the_first_use():
    program = (
        "import sys, ahfai.markdown;"
        "print({'markdown_it', 'pygments', 'math_core', 'nh3'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"


def test_plain_leaves_the_words_of_each_block():
    text = (
        "# *Trip*\n\nSee [the map](https://a.example)\nand `x`.\n\n"
        "- one\n- [x] two\n\n|a|b|\n|-|-|\n|1|2|"
    )
    assert markdown.plain(text) == "Trip\nSee the map and x.\none\ntwo\na, b\n1, 2"
    assert markdown.plain("So:\n```\na\nb\n```") == "So:\nCode, 2 lines."


@pytest.mark.parametrize("text", [STORY, LISTS, FORMULAS, MIXED])
def test_a_closed_block_never_changes_as_the_text_grows(text):
    known: list[tuple[int, int]] = []
    for length in range(1, len(text) + 1):
        blocks = markdown.closed_blocks(text[:length])
        assert blocks[: len(known)] == known
        known = blocks
    assert len(known) > 3
    assert known[0][0] == 0
    assert all(before[1] == after[0] for before, after in itertools.pairwise(known))


@pytest.mark.parametrize("texts", [150, pytest.param(15_000, marks=pytest.mark.prove)])
def test_blocks_of_any_text_stay_put_and_can_be_taken_one_after_the_other(texts):
    chance = random.Random(7)
    for _ in range(texts):
        text = "".join(
            chance.choice(PIECES) + chance.choice(["\n"] * 8 + ["\r\n", "\r"])
            for _ in range(chance.randint(2, 12))
        )
        known: list[tuple[int, int]] = []
        taken: list[tuple[int, int]] = []
        for length in range(1, len(text) + 1):
            blocks = markdown.closed_blocks(text[:length])
            assert blocks[: len(known)] == known, repr(text[:length])
            known = blocks
            taken += markdown.closed_blocks(text[:length], taken[-1][1] if taken else 0)
            assert taken == known, repr(text[:length])


@pytest.mark.parametrize("text", [STORY, LISTS, FORMULAS])
def test_the_closed_blocks_and_the_rest_say_all_that_the_text_says(text):
    whole = text_of(markdown.render(text)).split()
    for length in range(0, len(text), 40):
        blocks = markdown.closed_blocks(text[:length])
        assert (
            "".join(text[start:end] for start, end in blocks)
            == text[: blocks[-1][1] if blocks else 0]
        )
    html = "".join(markdown.render_block(text[start:end]) for start, end in blocks)
    html += markdown.render_block(text[blocks[-1][1] :])
    assert text_of(html).split() == whole


def test_a_block_closes_as_soon_as_nothing_can_be_added_to_it():
    for text in ("# Title\n", "Words\n\n", "```\nx\n```\n", "---\n", "$$x$$\n", "> q\n\n"):
        assert len(markdown.closed_blocks(text)) == 1, text
    for text in ("# Title", "Words\n", "- one\n\n", "```\nx\n\n", "    code\n\n", "|a|\n|-|\n"):
        assert markdown.closed_blocks(text) == [], text


def test_closed_blocks_can_be_asked_for_from_the_last_one_on():
    blocks = markdown.closed_blocks(STORY)
    assert markdown.closed_blocks(STORY, blocks[2][1]) == blocks[3:]


def test_an_open_fence_is_the_growing_block_however_long():
    text = "Before\n\n```python\n" + "x = 1\n\n" * 50
    assert len(markdown.closed_blocks(text)) == 1
    assert markdown.closed_blocks(text, len("Before\n\n")) == []
    assert len(markdown.closed_blocks("Before\n\n```\n\n")) == 1
