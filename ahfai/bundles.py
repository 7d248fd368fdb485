"""The styles and scripts of a page in few files, joined from the small ones in `static/`.

Each has its hash in its address, so that browsers keep it for good and an update is never mixed
with it; and it is compressed once. Only our own modules are joined, in the one form that they are
written in: `import { … } from "./….js";` and `export` before const, function or class.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse

from ahfai.static_versions import ASKED_AGAIN, KEPT, refused_version

IMPORT = re.compile(r'^import \{ (\w+(?:, \w+)*) \} from "\./([\w-]+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:const|class|(?:async )?function) (\w+))", re.MULTILINE)
LEFT_OVER = re.compile(r"^\s*(?:import|export)\b|\bimport\s*\(", re.MULTILINE)


def _styles(*names: str) -> list[str]:
    return [f"css/{name}.css" for name in names]


def _scripts(*names: str) -> list[str]:
    return [f"js/{name}.js" for name in names]


# The parts in the order in which they count; a module comes after those that it imports.
BUNDLES = {
    "ahfai.css": _styles(
        *("tokens", "base", "icon", "shell", "button", "chip", "field", "menu", "dialog", "notice"),
        *("toast", "composer", "model", "home", "turn", "source", "prose", "code", "card", "list"),
        *("note", "reminder", "month", "toolbar", "complete", "attach", "attachment", "transfer"),
        *("empty", "page", "bare", "utilities"),
    ),
    "htmx.js": ["django_htmx/htmx-2.min.js"],
    "house.js": _scripts("dialog", "menu", "pick-all", "shortcuts", "toast", "news"),
    "home.js": _scripts(
        *("grow", "composer", "made-id", "post", "uploads", "attached", "message", "home-ask"),
        "draft",
    ),
    "chat.js": _scripts(
        *("copy", "chat-code", "chat-follow", "made-id", "post", "chat-more", "grow", "composer"),
        *("uploads", "attached", "message", "hearing", "reply", "chat-stream", "draft", "card"),
    ),
    "temporary.js": _scripts(
        *("copy", "chat-code", "chat-follow", "made-id", "post", "grow", "composer", "message"),
        *("hearing", "reply", "chat-stream", "temporary"),
    ),
    "editor.js": _scripts(
        *("writing", "toolbar", "continue-lists", "html-markdown", "paste-markdown"),
        "complete",
    ),
    "note-edit.js": _scripts("grow", "post", "on-its-way", "autosave", "preview"),
    "note.js": _scripts("post", "on-its-way", "note-left", "ticks"),
    "quick.js": _scripts("made-id", "post", "quick"),
    # An earlier version, which has no message box.
    "chat-aside.js": _scripts("copy", "chat-code", "chat-follow", "post", "chat-more"),
    # No page has it: see ahfai.views.service_worker.
    "service-worker.js": _scripts("service-worker"),
}


@dataclass(frozen=True)
class Bundle:
    name: str
    body: bytes

    @cached_property
    def version(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:16]

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.body, mtime=0)

    @property
    def address(self) -> str:
        return f"{_prefix()}{self.version}/{self.name}"

    @property
    def kind(self) -> str:
        return "text/css" if self.name.endswith(".css") else "text/javascript"


def bundle(name: str) -> Bundle:
    """Raises KeyError for a name that isn't in BUNDLES."""
    return _joined.__wrapped__(name) if settings.DEBUG else _joined(name)


def serve_bundles(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    def middleware(request: HttpRequest) -> HttpResponse:
        version, _slash, name = request.path.removeprefix(_prefix()).partition("/")
        if not request.path.startswith(_prefix()) or name not in BUNDLES:
            return get_response(request)
        found = bundle(name)
        if missed := refused_version(request, is_here := version == found.version):
            return missed
        headers = {"Cache-Control": KEPT if is_here else ASKED_AGAIN, "Vary": "Accept-Encoding"}
        body = found.body
        if re.search(r"\bgzip\b", request.headers.get("Accept-Encoding", "")):
            body = found.compressed
            headers["Content-Encoding"] = "gzip"
        return HttpResponse(body, f"{found.kind}; charset=utf-8", headers=headers)

    return middleware


def join_modules(modules: Sequence[tuple[str, str]]) -> str:
    """One module that does what these do, given as name and text.

    Raises ValueError where one imports or exports in a form that isn't known here.
    """
    joined, known = ["const modules = {};"], set()
    for name, text in modules:
        for _names, imported in IMPORT.findall(text):
            if imported not in known:
                raise ValueError(f"{name} imports {imported}, which doesn't come before it.")
        exported = ", ".join(export for _what, export in EXPORT.findall(text))
        text = EXPORT.sub(r"\1", IMPORT.sub(r'const { \1 } = modules["\2"];', text))
        if LEFT_OVER.search(text):
            raise ValueError(f"{name} imports or exports in a form that can't be joined.")
        known.add(name)
        joined.append(f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {exported} }};\n}})();')
    return "\n".join(joined)


@lru_cache
def _joined(name: str) -> Bundle:
    texts = [(Path(part).name, _text(part)) for part in BUNDLES[name]]
    is_ours = all(part.startswith("js/") for part in BUNDLES[name])
    joined = join_modules(texts) if is_ours else "\n".join(text for _name, text in texts)
    return Bundle(name, joined.encode())


def _text(part: str) -> str:
    path = finders.find(part)
    if path is None:
        raise FileNotFoundError(f"There is no static file {part}.")
    return Path(path).read_text()


def _prefix() -> str:
    return f"{settings.STATIC_URL}joined/"
