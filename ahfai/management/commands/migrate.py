"""`manage.py migrate`, in turn with all others that change the tables of that database."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from ahfai.postgres import turns


class Command(migrate.Command):
    def handle(self, *labels: Any, **options: Any) -> None:
        with turns.turn(connections[options["database"]]):
            super().handle(*labels, **options)
