"""A program that shows a person's token, as tests play it."""

import json

from django.db import transaction
from django.test import Client

from accounts import audit
from accounts.models import AuditEntry
from accounts.programs import tokens


class Program:
    """Shows its token with each request, and no cookie."""

    def __init__(self, person, *scopes: str) -> None:
        self.client = Client()
        with transaction.atomic():
            text = tokens.make(person, "p", scopes, 30)[1]
        self.headers = {"Authorization": f"Bearer {text}"}

    def ask(self, method: str, path: str, said=None, **headers):
        body = said if isinstance(said, bytes) else json.dumps(said) if said is not None else ""
        sent = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.generic(method, path, body, "application/json", headers=sent)

    def get(self, path: str, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path: str, said=None, **headers):
        return self.ask("POST", path, said, **headers)

    def patch(self, path: str, said=None, **headers):
        return self.ask("PATCH", path, said, **headers)

    def put(self, path: str, said=None, **headers):
        return self.ask("PUT", path, said, **headers)

    def delete(self, path: str, **headers):
        return self.ask("DELETE", path, **headers)


def what_happened(person) -> list[str]:
    """The sentences that this person can read of their account."""
    return [audit.told(entry).sentence for entry in AuditEntry.objects.filter(owner=person)]
