"""`manage.py keys`: all that is done with keys, from looking at their ids to a sheet of paper."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Max

from accounts.models import UserKey
from accounts.sealing import keys, recovery, sheet
from accounts.sealing.keys import KeysStay
from accounts.sealing.resealing import Resealing
from accounts.sealing.rotating import Rotation
from accounts.sealing.sheet import Misread
from ahfai.crypto import MasterKeys


class Command(BaseCommand):
    help = "Show the ids of keys, change keys, and keep the master key on paper."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="WHAT")

        def act(name: str, does: Callable[..., None], help: str) -> CommandParser:
            made = acts.add_parser(name, help=help, description=help)
            made.set_defaults(does=does)
            return made

        act("show", self.show, "which master keys there are, and what each of them is needed for")
        rotate = act(
            "rotate",
            self.rotate,
            "make a new master key and wrap everybody's keys with it, or finish an interrupted run",
        )
        rotate.add_argument(
            "--drop-old",
            action="store_true",
            help="make no new key; remove the old ones, once nothing needs them",
        )
        reseal = act(
            "reseal",
            self.reseal,
            "give everyone, or one person, a new key of their own and seal their words with it; "
            "run it again with --finish an hour later, which removes the old keys",
        )
        reseal.add_argument("--user", metavar="EMAIL", help="only this person")
        reseal.add_argument(
            "--finish",
            action="store_true",
            help="make no new keys; finish what an earlier run began",
        )
        paper = act("sheet", self.print_sheet, "print the master keys for a sheet of paper")
        paper.add_argument(
            "--html", type=Path, metavar="FILE", help="write a page to be printed, with QR codes"
        )
        for name, does, said in (
            ("check", self.check_sheet, "say whether a sheet holds the keys that are in use"),
            ("recover", self.recover, "put the keys of a sheet into the master key file"),
        ):
            act(name, does, said).add_argument(
                "file",
                nargs="?",
                type=Path,
                help="what was typed or scanned; without one it is asked for, line by line",
            )

    def handle(self, *args: Any, does: Callable[..., None], **options: Any) -> None:
        known = ("drop_old", "user", "finish", "html", "file")
        keys.clear_cache()
        try:
            does(**{name: options[name] for name in known if name in options})
        except (KeysStay, Misread, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None

    def show(self) -> None:
        at_hand = keys.master_keys()
        rows = UserKey.objects.using(DEFAULT_DB_ALIAS).order_by()
        wrapped = dict(rows.values_list("master_id").annotate(people=Count("owner", distinct=True)))
        source = "MASTER_KEY" if settings.MASTER_KEY else settings.MASTER_KEY_FILE
        self.stdout.write(f"Master keys in {source}, newest first:")
        for master_id in at_hand:
            self.stdout.write(f"  {master_id}  {_people(wrapped.pop(master_id, 0))}")
        for master_id, people in wrapped.items():
            self.stdout.write(f"  {master_id}  {_people(people)}, AND IT ISN'T HERE")
        newest = rows.values("owner").annotate(newest=Max("generation"), kept=Count("id"))
        generations: dict[tuple[int, int], int] = {}
        for one in newest:
            place = one["newest"], one["kept"]
            generations[place] = generations.get(place, 0) + 1
        self.stdout.write("People's own keys:")
        for (generation, kept), people in sorted(generations.items()):
            more = f", and {kept - 1} older until reseal --finish" if kept > 1 else ""
            self.stdout.write(f"  generation {generation}{more}: {_people(people)}")

    def rotate(self, drop_old: bool) -> None:
        Rotation(self.stdout.write).run(drop_old)

    def reseal(self, user: str | None, finish: bool) -> None:
        Resealing(self.stdout.write).run(user, finish)

    def print_sheet(self, html: Path | None) -> None:
        at_hand = keys.master_keys()
        if html is None:
            self.stdout.write(recovery.as_text(at_hand))
            return
        recovery.write_page(at_hand, html.expanduser())
        self.stdout.write(
            f"Open {html} in a browser, print it, and delete it: whoever has it and a copy of the "
            "data can read everything."
        )

    def check_sheet(self, file: Path | None) -> None:
        for master_id, sentence, is_right in recovery.judge(self.typed(file)):
            self.stdout.write(f"{master_id}: {sentence}")
            if not is_right:
                raise CommandError("Don't rely on this sheet. Make a new one: manage.py keys sheet")

    def recover(self, file: Path | None) -> None:
        self.stdout.write(recovery.put_back(self.typed(file)))

    def typed(self, file: Path | None) -> MasterKeys:
        if file is None and sys.stdin.isatty():
            self.stdout.write("Type what is on the sheet. Spaces and capitals don't matter.")
            return sheet.ask(input, self.stdout.write)
        try:
            return sheet.read(sys.stdin.read() if file is None else file.expanduser().read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} can't be read: {error}.") from None


def _people(number: int) -> str:
    return {0: "nobody", 1: "1 person"}.get(number, f"{number} people")
