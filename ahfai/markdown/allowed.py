"""The only tags, attributes, classes and schemes that leave this room."""

from functools import cache, partial
from typing import Any

import nh3

from ahfai.markdown.formulas import STYLE_CLASSES
from ahfai.markdown.highlight import COLOURED
from ahfai.markdown.links import SCHEMES

HTML_TAGS = frozenset(
    [
        "p",
        "br",
        "hr",
        "h3",
        "h4",
        "h5",
        "h6",
        "strong",
        "em",
        "s",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "a",
        "span",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ]
)
# What the converter writes of MathML Core (https://www.w3.org/TR/mathml-core/), with `menclose`.
MATH_TAGS = frozenset(
    [
        "math",
        "menclose",
        "mfrac",
        "mi",
        "mmultiscripts",
        "mn",
        "mo",
        "mover",
        "mpadded",
        "mphantom",
        "mprescripts",
        "mroot",
        "mrow",
        "mspace",
        "msqrt",
        "mstyle",
        "msub",
        "msubsup",
        "msup",
        "mtable",
        "mtd",
        "mtext",
        "mtr",
        "munder",
        "munderover",
    ]
)
TAGS = HTML_TAGS | MATH_TAGS

ATTRIBUTES = {
    "a": {"href", "target"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"data-language", "tabindex", "role", "aria-label"},
    "span": {"role", "aria-label", "data-line"},
    "math": {"display"},
    "menclose": {"notation"},
    "mfrac": {"linethickness", "displaystyle", "scriptlevel"},
    "mi": {"mathvariant"},
    "mo": {
        "form",
        "fence",
        "separator",
        "lspace",
        "rspace",
        "stretchy",
        "symmetric",
        "maxsize",
        "minsize",
        "largeop",
        "movablelimits",
    },
    "mover": {"accent"},
    "mpadded": {"width", "height", "depth", "lspace", "voffset"},
    "mspace": {"width", "height", "depth"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"displaystyle", "scriptlevel"},
    "mtd": {"columnspan", "rowspan"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
}

_LAYOUT = set(STYLE_CLASSES.values())
CLASSES = {
    "code": {"highlight", "latex"},
    "div": {"code", "code-head", "math", "table"},
    "li": {"task"},
    "pre": {"plain"},
    "span": {"host", "note-title", "task-open", "task-done", *COLOURED.values()},
    "td": {"left", "center", "right"},
    "th": {"left", "center", "right"},
    "mtable": _LAYOUT,
    "mtd": _LAYOUT,
}


_ON_LINKS: dict[str, Any] = {
    "link_rel": "noopener noreferrer nofollow",
    "set_tag_attribute_values": {"a": {"target": "_blank"}},
}


def only_allowed(html: str, addresses: frozenset[str] = frozenset()) -> str:
    """`addresses` are those of this site that links may lead to and pictures come from."""
    if addresses:
        return _cleaner_with(addresses).clean(html)
    return _cleaner().clean(html)


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        url_relative="deny",
        **_ON_LINKS,
    )


def _cleaner_with(addresses: frozenset[str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS | {"img"},
        attributes={**ATTRIBUTES, "img": {"src", "alt", "loading"}},
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        url_relative=lambda address: address if address in addresses else None,
        attribute_filter=partial(_no_picture_from_elsewhere, addresses),
        **_ON_LINKS,
    )


def _no_picture_from_elsewhere(
    addresses: frozenset[str], tag: str, attribute: str, value: str
) -> str | None:
    return None if attribute == "src" and value not in addresses else value
