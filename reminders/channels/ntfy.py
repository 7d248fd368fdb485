"""ntfy: a topic on ntfy.sh or on a server of one's own (docs.ntfy.sh, "Publish as JSON")."""

import re
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy as _

from reminders.channels.http import AddressField, TokenField, host, post_json
from reminders.channels.message import Answer, Message
from reminders.channels.target import Target, TargetForm, Way

# A wrong token, and a topic that is somebody else's.
GONE = frozenset({401, 403, 404, 410})


@dataclass(frozen=True)
class Ntfy(Target):
    server: str
    topic: str
    token: str = ""

    @property
    def place(self) -> str:
        return f"{host(self.server)}/{self.topic}"

    def send(self, message: Message) -> Answer:
        said = {
            "topic": self.topic,
            "title": message.title,
            # It would put a word of its own in the place of an empty one.
            "message": message.text or message.title,
            "click": message.url,
            # A second one of the same name takes the place of the first; older servers pass it by.
            "sequence_id": message.id.hex,
        }
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return post_json(self.server.rstrip("/") + "/", said, headers, GONE)


class NtfyForm(TargetForm):
    secret, bound_to = "token", "server"

    server = AddressField(label=_("Server"), initial="https://ntfy.sh")
    topic = forms.CharField(
        max_length=64,
        label=_("Topic"),
        help_text=_("Whoever knows it can read along, so let it be one that nobody guesses."),
        widget=forms.TextInput({"autocomplete": "off", "dir": "ltr"}),
    )
    token = TokenField(
        required=False, label=_("Token"), help_text=_("Only for a topic that is protected.")
    )

    def clean_topic(self) -> str:
        topic = self.cleaned_data["topic"]
        if not re.fullmatch("[-_A-Za-z0-9]{1,64}", topic):
            raise forms.ValidationError(_("A topic has letters, digits, - and _ alone."))
        return topic


WAY = Way(Ntfy, NtfyForm)
