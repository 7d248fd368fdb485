"""What the silence before the first word of an answer means, said to whoever waits."""

import logging
import threading
import time

from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from chats import hosts, servers
from chats.engines import Call
from chats.generation.growing import Growing

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3.0
# After so many looks that found nobody, another server is asked, where one has the model. One look
# may be late for other reasons.
GONE_AFTER = 3


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
        unseen = 0
        while self._lasts():
            found = self._found()
            if not self._lasts():
                return
            growing.say(self.doing or saying.get(found, ""))
            unseen = unseen + 1 if found in ("away", "not_ready") else 0
            reply = growing.reply
            if unseen >= GONE_AFTER and hosts.elsewhere(reply.model, {reply.server}):
                # A machine without power hangs up on nobody.
                self.call.cut()
                return
            time.sleep(LOOK_EVERY_S)

    def _lasts(self) -> bool:
        growing = self.growing
        return growing.began and growing.silent and not (growing.over or self.call.cancelled)

    def _found(self) -> str:
        reply = self.growing.reply
        try:
            engine = servers.engine(reply.server)
        except DatabaseError as error:
            log.info("nobody knows how the model server is: %s", type(error).__name__)
            return ""
        finally:
            # Where the built-in server is stands in the database; nobody else returns this
            # thread's connection to the pool.
            connections.close_all()
        return engine.look(reply.model)
