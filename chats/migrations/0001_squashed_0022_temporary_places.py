"""The tables of a new installation; see docs/decisions/2026-11-squashed-migrations.md."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.constraints
import accounts.fields
from ahfai import tables


class Migration(migrations.Migration):
    replaces = [
        ("chats", "0001_initial"),
        ("chats", "0002_one_line"),
        ("chats", "0003_branches"),
        ("chats", "0004_order"),
        ("chats", "0005_search"),
        ("chats", "0006_steering"),
        ("chats", "0007_builtin_port"),
        ("chats", "0008_drafts"),
        ("chats", "0009_long_talks"),
        ("chats", "0010_titles"),
        ("chats", "0011_presets"),
        ("chats", "0012_tags"),
        ("chats", "0013_models_page"),
        ("chats", "0014_least_ratio"),
        ("chats", "0015_how_full_a_chat_is"),
        ("chats", "0016_notes_in_chats"),
        ("chats", "0017_facts"),
        ("chats", "0018_cards"),
        ("chats", "0019_card_of_a_tool_use"),
        ("chats", "0020_leave"),
        ("chats", "0021_pins"),
        ("chats", "0022_temporary_places"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0005_files"),
        ("ahfai", "0001_initial"),
        ("notes", "0001_squashed_0005_vectors"),
    ]

    operations = [
        tables.CreateModels(
            [
                migrations.CreateModel(
                    name="Preset",
                    fields=[
                        (
                            "instructions",
                            accounts.fields.SealedTextField(
                                blank=True, max_length=8000, null=True, verbose_name="instructions"
                            ),
                        ),
                        ("temperature", models.FloatField(blank=True, null=True)),
                        ("longest", models.PositiveIntegerField(blank=True, null=True)),
                        ("reads", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "think",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "As everywhere"),
                                    ("off", "No"),
                                    ("on", "Yes"),
                                    ("low", "A little"),
                                    ("medium", "Some"),
                                    ("high", "A lot"),
                                ],
                                default="",
                                max_length=6,
                            ),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="presets",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "name",
                            accounts.fields.SealedTextField(
                                max_length=80, null=True, verbose_name="name"
                            ),
                        ),
                        ("is_default", models.BooleanField(default=False, editable=False)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("temperature", None),
                                    models.Q(("temperature__gte", 0), ("temperature__lte", 2)),
                                    _connector="OR",
                                ),
                                name="preset_temperature_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("think__in", ["", "off", "on", "low", "medium", "high"])
                                ),
                                name="preset_think_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("is_default", True), ("name__isnull", True)),
                                    models.Q(("is_default", False), ("name__isnull", False)),
                                    _connector="OR",
                                ),
                                name="preset_has_a_name_or_is_the_default",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_default", True)),
                                fields=("owner",),
                                name="preset_one_default_per_owner",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Leave",
                    fields=[
                        (
                            "owner",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="leave",
                                serialize=False,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("may_create", models.BooleanField(default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name="Fact",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="facts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "text",
                            accounts.fields.SealedTextField(max_length=300, verbose_name="fact"),
                        ),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["owner", "-created", "-id"], name="fact_newest_of_owner"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FactsTold",
                    fields=[
                        (
                            "owner",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="facts_told",
                                serialize=False,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("is_on", models.BooleanField()),
                    ],
                ),
                migrations.CreateModel(
                    name="TemporaryPlace",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="temporary_places",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("model", models.CharField(max_length=200)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting in line"),
                                    ("running", "Being written"),
                                    ("done", "Complete"),
                                    ("stopped", "Stopped"),
                                    ("cut", "Cut at the limit"),
                                    ("failed", "Failed"),
                                    ("interrupted", "Interrupted"),
                                ],
                                default="waiting",
                                max_length=11,
                            ),
                        ),
                        (
                            "process",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="ahfai.heartbeat",
                            ),
                        ),
                        ("stop_asked", models.BooleanField(default=False)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["waiting", "running"])),
                                name="temporaryplace_is_open",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TokenRatio",
                    fields=[
                        (
                            "model",
                            models.CharField(max_length=200, primary_key=True, serialize=False),
                        ),
                        ("ratio", models.FloatField()),
                        ("least", models.FloatField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ratio__gt", 0)), name="tokenratio_is_positive"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DefaultModel",
                    fields=[
                        (
                            "only",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("model", models.CharField(max_length=200)),
                        ("chosen", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("only", 1)), name="defaultmodel_has_one_row"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Pull",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("model", models.CharField(max_length=200, unique=True)),
                        ("done_bytes", models.BigIntegerField(default=0)),
                        ("total_bytes", models.BigIntegerField(default=0)),
                        ("is_checking", models.BooleanField(default=False)),
                        ("reason", models.CharField(blank=True, max_length=32)),
                        ("stop_asked", models.BooleanField(default=False)),
                        (
                            "process",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="ahfai.heartbeat",
                            ),
                        ),
                        ("started", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                ),
                migrations.CreateModel(
                    name="BuiltinServer",
                    fields=[
                        (
                            "only",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("state", models.CharField(default="installing", max_length=12)),
                        ("sentence", models.CharField(blank=True, max_length=500)),
                        ("done_bytes", models.BigIntegerField(default=0)),
                        ("total_bytes", models.BigIntegerField(default=0)),
                        ("restart_wanted", models.BooleanField(default=False)),
                        ("port", models.PositiveIntegerField(default=0)),
                        ("seen", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("only", 1)), name="builtinserver_has_one_row"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Line",
                    fields=[
                        (
                            "only",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("only", 1)), name="line_has_one_row"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Chat",
                    fields=[
                        (
                            "instructions",
                            accounts.fields.SealedTextField(
                                blank=True, max_length=8000, null=True, verbose_name="instructions"
                            ),
                        ),
                        ("temperature", models.FloatField(blank=True, null=True)),
                        ("longest", models.PositiveIntegerField(blank=True, null=True)),
                        ("reads", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "think",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "As everywhere"),
                                    ("off", "No"),
                                    ("on", "Yes"),
                                    ("low", "A little"),
                                    ("medium", "Some"),
                                    ("high", "A lot"),
                                ],
                                default="",
                                max_length=6,
                            ),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="chats",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("title", accounts.fields.SealedTextField(verbose_name="title")),
                        ("model", models.CharField(max_length=200, verbose_name="model")),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "changed",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("titled", models.BooleanField(default=False)),
                        (
                            "titling",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="ahfai.heartbeat",
                            ),
                        ),
                        (
                            "uses_notes",
                            models.CharField(
                                choices=[
                                    ("off", "Off"),
                                    ("useful", "When useful"),
                                    ("always", "Always"),
                                ],
                                default="off",
                                max_length=6,
                            ),
                        ),
                        ("pinned", models.BooleanField(default=False)),
                        ("archived", models.BooleanField(default=False)),
                        ("trashed", models.DateTimeField(null=True)),
                        ("change_number", models.BigIntegerField(default=0, editable=False)),
                        (
                            "tags",
                            models.ManyToManyField(
                                blank=True, related_name="chats", to="accounts.tag"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "chat",
                        "verbose_name_plural": "chats",
                        "abstract": False,
                        "indexes": [
                            models.Index(fields=["owner", "-changed"], name="chat_newest_of_owner"),
                            models.Index(
                                fields=[
                                    "owner",
                                    "trashed",
                                    "archived",
                                    "-pinned",
                                    "-changed",
                                    "-id",
                                ],
                                name="chat_kept_in_order",
                            ),
                            models.Index(fields=["owner", "change_number"], name="chat_by_change"),
                            models.Index(fields=["owner", "id"], name="chat_of_owner"),
                            models.Index(
                                condition=models.Q(("trashed__isnull", False)),
                                fields=["trashed"],
                                name="chat_trash_by_age",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("temperature", None),
                                    models.Q(("temperature__gte", 0), ("temperature__lte", 2)),
                                    _connector="OR",
                                ),
                                name="chat_temperature_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("think__in", ["", "off", "on", "low", "medium", "high"])
                                ),
                                name="chat_think_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("uses_notes__in", ["off", "useful", "always"])),
                                name="chat_uses_notes_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Pin",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "chat",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="pins",
                                to="chats.chat",
                            ),
                        ),
                        (
                            "note",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="notes.note",
                            ),
                        ),
                        (
                            "tag",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="accounts.tag",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("note__isnull", True), ("tag__isnull", False)),
                                    models.Q(("note__isnull", False), ("tag__isnull", True)),
                                    _connector="OR",
                                ),
                                name="pin_is_a_note_or_a_tag",
                            ),
                            models.UniqueConstraint(
                                fields=("chat", "note"), name="pin_note_once_per_chat"
                            ),
                            models.UniqueConstraint(
                                fields=("chat", "tag"), name="pin_tag_once_per_chat"
                            ),
                            accounts.constraints.SameOwner(
                                name="pin_note_is_the_owners", to="note"
                            ),
                            accounts.constraints.SameOwner(name="pin_tag_is_the_owners", to="tag"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Message",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="messages",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "chat",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="messages",
                                to="chats.chat",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="replies",
                                to="chats.message",
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[("user", "You"), ("assistant", "AhFai")], max_length=9
                            ),
                        ),
                        ("content", accounts.fields.SealedTextField(blank=True, default="")),
                        ("thinking", accounts.fields.SealedTextField(blank=True, default="")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting in line"),
                                    ("running", "Being written"),
                                    ("done", "Complete"),
                                    ("stopped", "Stopped"),
                                    ("cut", "Cut at the limit"),
                                    ("failed", "Failed"),
                                    ("interrupted", "Interrupted"),
                                ],
                                default="done",
                                max_length=11,
                            ),
                        ),
                        ("request_id", models.UUIDField(blank=True, null=True)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("change_number", models.BigIntegerField(default=0, editable=False)),
                        ("model", models.CharField(blank=True, max_length=200)),
                        (
                            "process",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="ahfai.heartbeat",
                            ),
                        ),
                        ("stop_asked", models.BooleanField(default=False)),
                        ("reason", models.CharField(blank=True, max_length=32)),
                        ("left_out", models.PositiveIntegerField(default=0)),
                        ("prompt_tokens", models.PositiveIntegerField(null=True)),
                        ("reply_tokens", models.PositiveIntegerField(null=True)),
                        ("reply_ms", models.PositiveIntegerField(null=True)),
                        ("fullness", models.PositiveSmallIntegerField(null=True)),
                        ("closed", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["chat", "created"], name="message_order_in_chat"),
                            models.Index(
                                fields=["owner", "change_number"], name="message_by_change"
                            ),
                            models.Index(fields=["owner", "state"], name="message_states_of_owner"),
                            models.Index(fields=["state", "model", "created"], name="message_line"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "id"), name="message_of_owner"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("role__in", ["user", "assistant"])),
                                name="message_role_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "waiting",
                                            "running",
                                            "done",
                                            "stopped",
                                            "cut",
                                            "failed",
                                            "interrupted",
                                        ],
                                    )
                                ),
                                name="message_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("role", "assistant"), ("state", "done"), _connector="OR"
                                ),
                                name="message_of_person_is_done",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("role", "user"), ("parent__isnull", False), _connector="OR"
                                ),
                                name="message_reply_has_a_parent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("closed__isnull", True), ("role", "user")),
                                    models.Q(
                                        ("closed__isnull", True),
                                        ("role", "assistant"),
                                        ("state__in", ["waiting", "running"]),
                                    ),
                                    models.Q(
                                        ("closed__isnull", False),
                                        ("role", "assistant"),
                                        models.Q(
                                            ("state__in", ["waiting", "running"]), _negated=True
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="message_closed_says_when",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["waiting", "running"])),
                                fields=("parent",),
                                name="message_one_open_reply",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("request_id__isnull", False)),
                                fields=("owner", "request_id"),
                                name="message_request_once_per_owner",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Summary",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="summaries",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "chat",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="summaries",
                                to="chats.chat",
                            ),
                        ),
                        (
                            "upto",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="summary",
                                to="chats.message",
                            ),
                        ),
                        ("text", accounts.fields.SealedTextField()),
                        ("messages", models.PositiveIntegerField()),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Card",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="cards",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reply",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="cards",
                                to="chats.message",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("kind", models.CharField(max_length=20)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("proposed", "Proposed"),
                                    ("done", "Done"),
                                    ("dismissed", "Dismissed"),
                                    ("expired", "Expired"),
                                    ("undone", "Undone"),
                                ],
                                default="proposed",
                                max_length=9,
                            ),
                        ),
                        ("payload", accounts.fields.SealedTextField()),
                        ("outcome", accounts.fields.SealedTextField(null=True)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("expires", models.DateTimeField()),
                        ("decided", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "proposed")),
                                fields=["expires"],
                                name="card_proposed_by_end",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reply", "number"), name="card_once_per_number"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["proposed", "done", "dismissed", "expired", "undone"],
                                    )
                                ),
                                name="card_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided", None), ("state", "proposed")),
                                    models.Q(
                                        models.Q(("state", "proposed"), _negated=True),
                                        ("decided__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="card_decided_says_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("outcome__isnull", False),
                                        ("state__in", ["done", "undone"]),
                                    ),
                                    models.Q(
                                        models.Q(("state__in", ["done", "undone"]), _negated=True),
                                        ("outcome__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="card_done_says_what",
                            ),
                            accounts.constraints.SameOwner(
                                name="card_reply_is_the_owners", to="reply"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Draft",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="drafts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "chat",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="draft",
                                to="chats.chat",
                            ),
                        ),
                        ("text", accounts.fields.SealedTextField()),
                        ("version", models.PositiveIntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("chat", None)),
                                fields=("owner",),
                                name="draft_one_for_a_new_chat",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Source",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sources",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reply",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sources",
                                to="chats.message",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "note",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="notes.note",
                            ),
                        ),
                        ("title", accounts.fields.SealedTextField(null=True)),
                        ("text", accounts.fields.SealedTextField(null=True)),
                    ],
                    options={
                        "ordering": ["number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reply", "number"), name="source_number_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)),
                                name="source_number_from_one",
                            ),
                            accounts.constraints.SameOwner(
                                name="source_note_is_the_owners", to="note"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ToolUse",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="tool_uses",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reply",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="uses",
                                to="chats.message",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("round", models.PositiveSmallIntegerField()),
                        ("name", models.CharField(blank=True, max_length=40)),
                        ("arguments", accounts.fields.SealedTextField()),
                        ("result", accounts.fields.SealedTextField()),
                        ("shown", accounts.fields.SealedTextField()),
                        ("found", models.PositiveIntegerField(default=0)),
                        ("card_number", models.PositiveSmallIntegerField(null=True)),
                        ("is_foreign", models.BooleanField(default=True)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reply", "number"), name="tooluse_once_per_number"
                            ),
                            accounts.constraints.SameOwner(
                                name="tooluse_reply_is_the_owners", to="reply"
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.AddField(
            model_name="chat",
            name="current",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="chats.message",
            ),
        ),
    ]
