"""The tables of a new installation; see docs/decisions/2026-11-squashed-migrations.md."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.constraints
import accounts.fields
from ahfai import tables


class Migration(migrations.Migration):
    replaces = [
        ("notes", "0001_initial"),
        ("notes", "0002_order"),
        ("notes", "0003_attachments"),
        ("notes", "0004_imports"),
        ("notes", "0005_vectors"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0005_files"),
        ("ahfai", "0001_initial"),
    ]

    operations = [
        tables.CreateModels(
            [
                migrations.CreateModel(
                    name="Note",
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
                                related_name="notes",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "title",
                            accounts.fields.SealedTextField(
                                blank=True, max_length=200, verbose_name="title"
                            ),
                        ),
                        (
                            "body",
                            accounts.fields.SealedTextField(
                                blank=True, max_length=200000, verbose_name="text"
                            ),
                        ),
                        ("excerpt", accounts.fields.SealedTextField(blank=True, editable=False)),
                        ("title_hash", models.CharField(blank=True, editable=False, max_length=64)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "changed",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("version", models.PositiveIntegerField(default=1, editable=False)),
                        ("made_by", models.UUIDField(editable=False, null=True)),
                        (
                            "source_hash",
                            models.CharField(editable=False, max_length=64, null=True, unique=True),
                        ),
                        ("pinned", models.BooleanField(default=False)),
                        ("archived", models.BooleanField(default=False)),
                        ("trashed", models.DateTimeField(null=True)),
                        ("change_number", models.BigIntegerField(default=0, editable=False)),
                    ],
                    options={
                        "verbose_name": "note",
                        "verbose_name_plural": "notes",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("archived", False), ("trashed", None)),
                                fields=["owner", "-pinned", "-changed", "-id"],
                                name="note_kept_by_changed",
                            ),
                            models.Index(
                                condition=models.Q(("archived", False), ("trashed", None)),
                                fields=["owner", "-pinned", "-created", "-id"],
                                name="note_kept_by_created",
                            ),
                            models.Index(
                                condition=models.Q(("archived", True), ("trashed", None)),
                                fields=["owner", "-pinned", "-changed", "-id"],
                                name="note_archived_by_changed",
                            ),
                            models.Index(
                                condition=models.Q(("archived", True), ("trashed", None)),
                                fields=["owner", "-pinned", "-created", "-id"],
                                name="note_archived_by_created",
                            ),
                            models.Index(
                                condition=models.Q(("trashed__isnull", False)),
                                fields=["owner", "-pinned", "-trashed", "-id"],
                                name="note_trash_newest_first",
                            ),
                            models.Index(fields=["owner", "change_number"], name="note_by_change"),
                            models.Index(fields=["owner", "title_hash"], name="note_by_title"),
                            models.Index(
                                condition=models.Q(("trashed__isnull", False)),
                                fields=["trashed"],
                                name="note_trash_by_age",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("owner", "id"), name="note_of_owner"),
                            models.CheckConstraint(
                                condition=models.Q(("version__gte", 1)),
                                name="note_version_from_one",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("title_hash", ""),
                                    ("title_hash__regex", "^[0-9a-f]{64}$"),
                                    _connector="OR",
                                ),
                                name="note_title_hash_is_a_digest",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source_hash", None),
                                    ("source_hash__regex", "^[0-9a-f]{64}$"),
                                    _connector="OR",
                                ),
                                name="note_source_hash_is_a_digest",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("pinned", False),
                                    models.Q(("archived", False), ("trashed__isnull", True)),
                                    _connector="OR",
                                ),
                                name="note_pinned_is_in_the_list",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("made_by__isnull", False)),
                                fields=("owner", "made_by"),
                                name="note_made_once_per_page",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Tagging",
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
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, to="notes.note"
                            ),
                        ),
                        (
                            "tag",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, to="accounts.tag"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("note", "tag"), name="tagging_once_per_note"
                            ),
                            accounts.constraints.SameOwner(
                                name="tagging_note_is_the_owners", to="note"
                            ),
                            accounts.constraints.SameOwner(
                                name="tagging_tag_is_the_owners", to="tag"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Revision",
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
                                related_name="note_revisions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="revisions",
                                to="notes.note",
                            ),
                        ),
                        ("title", accounts.fields.SealedTextField(blank=True)),
                        ("body", accounts.fields.SealedTextField(blank=True)),
                        ("version", models.PositiveIntegerField()),
                        ("written", models.DateTimeField()),
                        ("made", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("note", "version"), name="revision_once_per_version"
                            ),
                            accounts.constraints.SameOwner(
                                name="revision_note_is_the_owners", to="note"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NoteVectors",
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
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "note",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="vectors",
                                to="notes.note",
                            ),
                        ),
                        ("version", models.PositiveIntegerField()),
                        ("embedder", models.CharField(max_length=200)),
                        ("length", models.PositiveIntegerField()),
                        ("vectors", accounts.fields.SealedBytesField(bound_to=(), editable=False)),
                    ],
                    options={
                        "constraints": [
                            accounts.constraints.SameOwner(
                                name="notevectors_note_is_the_owners", to="note"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Link",
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
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="links",
                                to="notes.note",
                            ),
                        ),
                        ("title_hash", models.CharField(max_length=64)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["owner", "title_hash"], name="link_by_title")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("note", "title_hash"), name="link_once_per_note"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("title_hash__regex", "^[0-9a-f]{64}$")),
                                name="link_title_hash_is_a_digest",
                            ),
                            accounts.constraints.SameOwner(
                                name="link_note_is_the_owners", to="note"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Attachment",
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
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="attachments",
                                to="notes.note",
                            ),
                        ),
                        (
                            "revision",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="attachments",
                                to="notes.revision",
                            ),
                        ),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="accounts.sealedfile",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revision", None)),
                                fields=("note", "file"),
                                name="attachment_once_per_note",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("revision__isnull", False)),
                                fields=("revision", "file"),
                                name="attachment_once_per_revision",
                            ),
                            accounts.constraints.SameOwner(
                                name="attachment_note_is_the_owners", to="note"
                            ),
                            accounts.constraints.SameOwner(
                                name="attachment_file_is_the_owners", to="file"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Import",
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
                                related_name="imports",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("name", accounts.fields.SealedTextField()),
                        ("size", models.PositiveIntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("cancelled", "Cancelled"),
                                    ("failed", "Failed"),
                                ],
                                default="waiting",
                                max_length=12,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=32)),
                        ("stop_asked", models.BooleanField(default=False)),
                        ("total", models.PositiveIntegerField(default=0)),
                        ("done", models.PositiveIntegerField(default=0)),
                        ("added", models.PositiveIntegerField(default=0)),
                        ("present", models.PositiveIntegerField(default=0)),
                        ("broken", models.PositiveIntegerField(default=0)),
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
                        ("ended", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("owner", "id"), name="import_of_owner"),
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["waiting", "running"])),
                                fields=("owner",),
                                name="import_one_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["waiting", "running", "done", "cancelled", "failed"],
                                    )
                                ),
                                name="import_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "done",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("added"), "+", models.F("present")
                                            ),
                                            "+",
                                            models.F("broken"),
                                        ),
                                    )
                                ),
                                name="import_counts_add_up",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("ended", None), ("state__in", ["waiting", "running"])
                                    ),
                                    models.Q(
                                        ("ended__isnull", False),
                                        ("state__in", ["done", "cancelled", "failed"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="import_ended_says_when",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportPiece",
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
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "of",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="pieces",
                                to="notes.import",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("content", accounts.fields.SealedTextField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("of", "number"), name="importpiece_once"
                            ),
                            accounts.constraints.SameOwner(
                                name="importpiece_import_is_the_owners", to="of"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportRemark",
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
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "of",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="remarks",
                                to="notes.import",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("name", accounts.fields.SealedTextField()),
                        ("code", models.CharField(max_length=32)),
                        (
                            "note",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="notes.note",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("of", "number"), name="importremark_once"
                            ),
                            accounts.constraints.SameOwner(
                                name="importremark_import_is_the_owners", to="of"
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.AddField(
            model_name="note",
            name="tags",
            field=models.ManyToManyField(
                blank=True, related_name="notes", through="notes.Tagging", to="accounts.tag"
            ),
        ),
    ]
