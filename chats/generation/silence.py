"""What the silence before the first word of an answer means, said to whoever waits."""

import threading
import time

from django.utils.translation import gettext as _

from chats import servers
from chats.engines import Call
from chats.generation.growing import Growing

LOOK_EVERY_S = 3.0


class Silence:
    """`doing` is what keeps this process itself busy meanwhile, if anything does."""

    def __init__(self, growing: Growing, call: Call) -> None:
        self.growing = growing
        self.call = call
        self.doing = ""
        self._looking: threading.Thread | None = None

    def explain(self) -> None:
        """In a thread of its own, until the first word comes."""
        if self._looking is None or not self._looking.is_alive():
            name = f"look-{self.growing.reply.pk}"
            self._looking = threading.Thread(target=self._look, name=name, daemon=True)
            self._looking.start()

    def _look(self) -> None:
        saying = {
            "loading": _("The model is being loaded; that can take minutes the first time."),
            "ready": _("Reading…"),
            "not_ready": _("The model server is starting."),
            "missing": _("The model server doesn't list this model."),
            "away": _("The model server doesn't answer just now."),
        }
        growing = self.growing
        time.sleep(0.5)
        while growing.silent and not (growing.over or self.call.cancelled):
            found = servers.engine(growing.reply.server).look(growing.reply.model)
            if not growing.silent or growing.over:
                return
            growing.say(self.doing or saying.get(found, ""))
            time.sleep(LOOK_EVERY_S)
