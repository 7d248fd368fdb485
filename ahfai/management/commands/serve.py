"""`manage.py serve`: everything that AhFai needs, from one command."""

from django.core.management.base import BaseCommand

from ahfai.serving.start import serve


class Command(BaseCommand):
    help = "Starts the web pages, the worker and, where it is needed, the built-in model."
    # They run in the child that also brings the database up to date.
    requires_system_checks = []

    def handle(self, **options) -> None:
        raise SystemExit(serve())
