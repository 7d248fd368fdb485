"""Open every sealed value once, and name what can't be opened."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, models

from accounts import files
from accounts.fields import sealed_fields, sealed_models, sealed_rows
from accounts.models import UserKey
from accounts.sealing import keys
from ahfai.crypto import SealError


class Command(BaseCommand):
    help = "Opens every sealed value once; names what can't be opened, never what it says."

    def handle(self, *args: Any, **options: Any) -> None:
        # What is already open in memory would hide a damaged key.
        keys.clear_cache()
        try:
            keys.master_keys()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        failed = self.verify_keys() + sum(self.verify_model(model) for model in sealed_models())
        failed += self.verify_files()
        if failed:
            raise CommandError(f"{failed} can't be opened. They are named above.")
        self.stdout.write("Everything opens.")

    def verify_keys(self) -> int:
        opened = failed = 0
        for key in UserKey.objects.using(DEFAULT_DB_ALIAS).order_by("pk").iterator():
            try:
                keys.unwrap(key)
                opened += 1
            except SealError as error:
                failed += 1
                self.stdout.write(
                    f"can't be opened: {UserKey._meta.label} {key.pk} generation {key.generation} "
                    f"of {key.owner_id}: {error}"
                )
        self.stdout.write(f"{UserKey._meta.label}: {opened} opened, {failed} not")
        return failed

    def verify_model(self, model: type[models.Model]) -> int:
        opened = failed = 0
        for batch in sealed_rows(model):
            for row in batch:
                for field in sealed_fields(model):
                    try:
                        opened += getattr(row, field.attname) is not None
                    except SealError:
                        failed += 1
                        label = model._meta.label
                        self.stdout.write(f"can't be opened: {label} {row.pk} {field.name}")
        self.stdout.write(f"{model._meta.label}: {opened} opened, {failed} not")
        return failed

    def verify_files(self) -> int:
        """Each part may open, and another one be gone."""
        failed = 0
        for file in files.not_whole().using(DEFAULT_DB_ALIAS).only("pk").order_by("pk"):
            failed += 1
            self.stdout.write(f"not whole: {file._meta.label} {file.pk}")
        return failed
