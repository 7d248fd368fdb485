"""`manage.py worker`: the scheduled work, for machines where `serve` doesn't start it."""

from django.core.management.base import BaseCommand

from ahfai import worker


class Command(BaseCommand):
    help = "Does the scheduled work until it is stopped."

    def handle(self, **options) -> None:
        worker.run()
