"""The master key outside this machine: a sheet of paper, whether it is right, and the way back."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import UserKey
from accounts.qr import qr_code, qr_text
from accounts.sealing import keys, sheet
from accounts.sealing.keys import KeysStay
from ahfai import crypto, files
from ahfai.crypto import MasterKeys, SealError

TOLD = (
    "Whoever has this sheet and a copy of the data can read everything. Without it, and without "
    "the key on the machine, nobody can. Keep it away from computers and from the backups."
)


def as_text(master: MasterKeys) -> str:
    """The sheet for a terminal with a dark background."""
    said = [f"AhFai's recovery sheet, {settings.SITE_URL}, {timezone.now():%Y-%m-%d}", "", TOLD]
    for (master_id, key), entry in zip(master.keys, sheet.in_one_line(master), strict=True):
        said += ["", f"Key {master_id}"]
        said += [f"{number}  {line}" for number, line in enumerate(sheet.lines(master_id, key), 1)]
        said += ["", qr_text(entry)]
    return "\n".join([*said, "", "Try it: manage.py keys check", ""])


def write_page(master: MasterKeys, path: Path) -> None:
    """The sheet as a page to be printed. Raises KeysStay where the file is there already."""
    found = [
        {
            "id": master_id,
            "lines": list(enumerate(sheet.lines(master_id, key), 1)),
            "code": qr_code(entry),
        }
        for (master_id, key), entry in zip(master.keys, sheet.in_one_line(master), strict=True)
    ]
    known = {"keys": found, "site": settings.SITE_URL, "told": TOLD, "now": timezone.now()}
    text = render_to_string("accounts/recovery_sheet.html", known)
    if path.exists():
        raise KeysStay(f"{path} is there already. Name another file.")
    try:
        files.create_once(path, text)
    except OSError as error:
        raise KeysStay(f"{path} can't be written: {error.strerror}.") from None


def judge(typed: MasterKeys) -> Iterator[tuple[str, str, bool]]:
    """For each key of a sheet its id, what it is here in a sentence, and whether it is right."""
    try:
        at_hand: MasterKeys | None = keys.master_keys()
    except ImproperlyConfigured:
        at_hand = None
    for master_id, key in typed.keys:
        opened = _opened(master_id, key)
        if at_hand and at_hand.get(master_id) == key:
            newest = at_hand.current[0] == master_id
            yield (
                master_id,
                "this is the master key that AhFai uses."
                if newest
                else "this is an older master key, which is still in AhFai's list.",
                True,
            )
        elif opened:
            yield master_id, f"it isn't in AhFai's list, and opens the keys of {opened}.", True
        else:
            yield master_id, "it opens nothing here.", False


def put_back(typed: MasterKeys) -> str:
    """Add the keys of a sheet to the master key file, behind those that are there; says in a
    sentence what was done. Raises KeysStay."""
    if settings.MASTER_KEY:
        raise KeysStay("The master key comes from MASTER_KEY in the environment: put it there.")
    path, present = Path(settings.MASTER_KEY_FILE), ""
    if path.exists():
        present, at_hand = path.read_text().strip(), keys.master_keys()
        if any(at_hand.get(master_id) not in {None, key} for master_id, key in typed.keys):
            raise KeysStay(f"Another key of the same id is in {path}. Nothing was changed.")
        typed = MasterKeys(tuple(one for one in typed.keys if one[0] not in set(at_hand)))
        if not typed.keys:
            return f"{path} has it already."
    elif _rows().exists() and not any(_opened(*one) for one in typed.keys):
        raise KeysStay("It opens nobody's key here. Nothing was changed.")
    text = "\n".join(filter(None, [present, *sheet.in_one_line(typed)])) + "\n"
    if present:
        files.replace(path, text)
    else:
        files.create_once(path, text)
    keys.clear_cache()
    return f"Put into {path}: {', '.join(typed)}. Look whether all is well: manage.py doctor"


def _rows() -> QuerySet[UserKey]:
    """Everybody's keys; none where there are no tables yet."""
    rows = UserKey.objects.using(DEFAULT_DB_ALIAS)
    tables = connections[DEFAULT_DB_ALIAS].introspection.table_names()
    return rows.all() if UserKey._meta.db_table in tables else rows.none()


def _opened(master_id: str, key: bytes) -> str:
    """Whose keys a master key opens, in words; none where it fails for any."""
    rows = _rows().filter(master_id=master_id)
    for row in rows:
        context = keys.context(row.owner_id, row.generation)
        try:
            crypto.unwrap(key, master_id, bytes(row.wrapped), context)
        except SealError:
            return ""
    people = rows.values("owner").distinct().count()
    return f"{people} people" if people > 1 else "1 person" if people else ""
