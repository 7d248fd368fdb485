"""`manage.py serve`: everything that AhFai needs, from one command."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ahfai.serving.start import serve


class Command(BaseCommand):
    help = "Starts the web pages, the worker and, where it is needed, the built-in model."
    # They run in the child that also brings the database up to date.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--without-worker",
            action="store_true",
            help="for machines that serve pages only; others run `manage.py worker`",
        )

    def handle(self, *, without_worker: bool, **options: Any) -> None:
        raise SystemExit(serve(has_worker=not without_worker))
