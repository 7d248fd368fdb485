"""`manage.py worker`: the scheduled work, for machines where `serve` doesn't start it."""

from django.core.checks import Tags
from django.core.management.base import BaseCommand

from ahfai import worker


class Command(BaseCommand):
    help = "Does the scheduled work until it is stopped."
    # Those of addresses would load the API, which nobody asks a worker for.
    requires_system_checks = [Tags.compatibility, Tags.database, Tags.models]

    def handle(self, **options) -> None:
        worker.run()
