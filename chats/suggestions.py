"""Models that are worth fetching, by what fits into a machine's memory."""

import os
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GB = 10**9
# For the system, AhFai and the person's own programs.
LEFT_FREE_BYTES = 2 * GB
MOST = 4


@dataclass(frozen=True)
class Suggestion:
    """`size_bytes` is the download, rounded, as Ollama's library states it."""

    name: str
    size_bytes: int
    words: str | Promise

    @property
    def needs_bytes(self) -> int:
        """What it takes while it works: its weights, and about a fifth for its window."""
        return round(self.size_bytes * 1.2) + GB // 2


# The smallest first.
KNOWN = (
    Suggestion("qwen3:1.7b", round(1.4 * GB), _("Very small; thinks before it answers.")),
    Suggestion("llama3.2:3b", round(2.0 * GB), _("Small and quick; good at plain language.")),
    Suggestion("qwen3:4b", round(2.5 * GB), _("Small; thinks, and can use tools.")),
    Suggestion("gemma3:4b", round(3.3 * GB), _("Small; many languages, and it sees pictures.")),
    Suggestion("llama3.1:8b", round(4.9 * GB), _("A good all-rounder.")),
    Suggestion("qwen3:8b", round(5.2 * GB), _("Thinks well, and can use tools.")),
    Suggestion("gemma3:12b", round(8.1 * GB), _("Writes well in many languages; sees pictures.")),
    Suggestion("gpt-oss:20b", round(14 * GB), _("Strong at reasoning; quick for its size.")),
    Suggestion("gemma3:27b", round(17 * GB), _("Writes very well; wants a graphics card.")),
    Suggestion("qwen3:32b", round(20 * GB), _("Reasons very well; wants a graphics card.")),
)


def machine_bytes() -> int:
    """The memory of the machine that AhFai runs on."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def fitting(memory_bytes: int) -> list[Suggestion]:
    """The largest few that fit, the largest first."""
    fits = [one for one in KNOWN if one.needs_bytes + LEFT_FREE_BYTES <= memory_bytes]
    return fits[-MOST:][::-1]
