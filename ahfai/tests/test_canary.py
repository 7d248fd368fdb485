"""A marked word in everything that a person has is nowhere in clear in the whole house.

What each app does with it is in its own test of that name. Each place holds a control word, too,
which has come there in the way that the marked one would have: where that isn't found, nothing was
searched.
"""

import io
import logging
import tempfile
import time

import pytest
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts import letters
from accounts.models import Export
from accounts.tests.factors import add_app, code_of
from ahfai.backups import manifest, postgres
from ahfai.testing import make_person, signed_in
from ahfai.tests.at_rest import (
    cached,
    database_files,
    files_in,
    holding,
    logs,
    rows,
    sessions,
    temporary_files,
)
from ahfai.tests.everything import give_everything
from ahfai.tests.test_exporting import make

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "quetzal-hoopoe-6027"
# An e-mail address is in clear wherever a person is.
CONTROL = "waxwing-wryneck-9142"
PASSWORD = f"{CANARY} and more"


def test_what_a_person_has_is_nowhere_in_clear(owner, settings, tmp_path, monkeypatch):
    settings.HAS_MAIL = True
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.SITE_URL = "https://ahfai.example"
    temporary_folder = tmp_path / "temporary"
    temporary_folder.mkdir()
    person = make_person(f"{CONTROL}@example.org")
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])
    with temporary_files(temporary_folder, monkeypatch) as temporary, logs() as logged:
        secret, codes = keep_everything(person)
        export_and_back_up(person)
        letters.send_due()
        assert mail.outbox
        shown = admin_pages(owner)
        plant(person)
    places = {
        "database": database_files(),
        "rows": rows(),
        "sessions": sessions(),
        "cache": cached(),
        "logs": logged,
        "temporary files": temporary,
        "mails": {one.subject: f"{one.to} {one.message()}".encode() for one in mail.outbox},
        "admin pages": shown,
        "backup": backup(settings.BACKUP_DIR),
    }
    for name, place in places.items():
        for word in (CANARY, secret, *codes):
            assert holding(word, place) == [], f"{name}: {word}"
        assert holding(CONTROL, place), f"{name}: not searched"


def keep_everything(person) -> tuple[str, list[str]]:
    """The secret of the second factor, and the recovery codes."""
    give_everything(person, CANARY)
    person.authenticator_set.all().delete()
    browser = signed_in(person)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret, codes = add_app(browser)
    browser.post("/account/sign-out/")
    sign_in_page = reverse("account_login")
    wrong = browser.post(sign_in_page, {"login": person.email, "password": f"wrong {CANARY}"})
    assert wrong.status_code == 422
    right = browser.post(sign_in_page, {"login": person.email, "password": PASSWORD})
    assert right.url == reverse("mfa_authenticate")
    assert browser.post(right.url, {"code": code_of(secret, 1)}).status_code == 302
    assert CANARY in browser.get("/notes/").content.decode()
    browser.post("/account/reset/", {"email": person.email})
    return secret, [code.replace(" ", "") for code in codes]


def export_and_back_up(person) -> None:
    Export.objects.all().delete()
    signed_in(person).post(reverse("data_export"))
    make()
    assert Export.objects.get().state == Export.State.DONE
    call_command("backup", stdout=io.StringIO())


def admin_pages(owner) -> dict[str, bytes]:
    """Each list, and the page of each row."""
    browser, found = signed_in(owner), {}
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths = [reverse(f"{name}_changelist")]
        paths += [
            reverse(f"{name}_change", args=[pk])
            for pk in model.objects.values_list("pk", flat=True)
        ]
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code == 200, path
            found[path] = answer.content
    return found


def backup(folder) -> dict[str, bytes]:
    [made] = manifest.all_in(folder)
    found = files_in(folder)
    if connection.vendor == "postgresql":
        text = folder / "text"
        postgres.run("pg_restore", f"--file={text}", str(folder / made.file))
        found["unpacked"] = text.read_bytes()
    return found


def plant(person) -> None:
    session = signed_in(person).session
    session["control"] = CONTROL
    session.save()
    cache.set("control", CONTROL)
    mail.send_mail("Control", CONTROL, None, [person.email])
    logging.getLogger("ahfai").error("%s", CONTROL)
    with tempfile.TemporaryFile() as file:
        file.write(CONTROL.encode())
        file.flush()
        time.sleep(0.2)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
