"""The tables of a new installation; see docs/decisions/2026-11-squashed-migrations.md."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.constraints
import accounts.fields
from ahfai import tables


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_search"),
        ("accounts", "0003_tags"),
        ("accounts", "0004_owners"),
        ("accounts", "0005_files"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        tables.CreateModels(
            [
                migrations.CreateModel(
                    name="User",
                    fields=[
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
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
                            "email",
                            models.EmailField(
                                max_length=254, unique=True, verbose_name="e-mail address"
                            ),
                        ),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        (
                            "theme",
                            models.CharField(
                                choices=[
                                    ("system", "As the system"),
                                    ("light", "Light"),
                                    ("dark", "Dark"),
                                ],
                                default="system",
                                max_length=8,
                                verbose_name="appearance",
                            ),
                        ),
                        (
                            "time_zone",
                            models.CharField(
                                default="UTC", max_length=64, verbose_name="time zone"
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(default=True, verbose_name="may sign in"),
                        ),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False, verbose_name="may look at the admin pages"
                            ),
                        ),
                        (
                            "joined",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("change_number", models.BigIntegerField(default=0, editable=False)),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "person",
                        "verbose_name_plural": "people",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("email", django.db.models.functions.text.Lower("email"))
                                ),
                                name="user_email_is_lower_case",
                                violation_error_message="One person, one address, whatever its letter case.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("theme__in", ["system", "light", "dark"])),
                                name="user_theme_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Tombstone",
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
                        ("key", models.UUIDField()),
                        ("change_number", models.BigIntegerField()),
                        ("made", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["owner", "change_number"], name="tombstone_by_number"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Ownership",
                    fields=[
                        (
                            "only",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="ownership",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "since",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("only", 1)), name="ownership_has_one_row"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UserKey",
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
                                related_name="keys",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("generation", models.PositiveSmallIntegerField(default=1)),
                        ("master_id", models.CharField(max_length=16)),
                        ("wrapped", models.BinaryField()),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "generation"), name="userkey_one_per_generation"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("generation__gte", 1)),
                                name="userkey_generation_from_one",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LookupKey",
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
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("secret", accounts.fields.SealedTextField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Tag",
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
                                related_name="tags",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "name",
                            accounts.fields.SealedTextField(max_length=80, verbose_name="name"),
                        ),
                        ("name_hash", models.CharField(max_length=64)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "name_hash"), name="tag_once_per_owner"
                            ),
                            models.UniqueConstraint(fields=("owner", "id"), name="tag_of_owner"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SealedFile",
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
                                related_name="files",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "name",
                            accounts.fields.SealedTextField(max_length=150, verbose_name="name"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("image/png", "Png"),
                                    ("image/jpeg", "Jpeg"),
                                    ("image/gif", "Gif"),
                                    ("image/webp", "Webp"),
                                    ("application/pdf", "Pdf"),
                                    ("text/plain", "Text"),
                                    ("application/octet-stream", "Other"),
                                ],
                                default="application/octet-stream",
                                max_length=32,
                            ),
                        ),
                        ("size", models.PositiveBigIntegerField(default=0)),
                        ("made", models.DateTimeField(default=django.utils.timezone.now)),
                        ("needed", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "verbose_name": "file",
                        "verbose_name_plural": "files",
                        "indexes": [models.Index(fields=["needed"], name="file_by_needed")],
                        "constraints": [
                            models.UniqueConstraint(fields=("owner", "id"), name="file_of_owner"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "image/png",
                                            "image/jpeg",
                                            "image/gif",
                                            "image/webp",
                                            "application/pdf",
                                            "text/plain",
                                            "application/octet-stream",
                                        ],
                                    )
                                ),
                                name="file_kind_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FilePart",
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
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="parts",
                                to="accounts.sealedfile",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("is_last", models.BooleanField()),
                        (
                            "data",
                            accounts.fields.SealedBytesField(
                                bound_to=("file", "number", "is_last"), editable=False
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file", "number"), name="filepart_once_per_number"
                            ),
                            accounts.constraints.SameOwner(
                                name="filepart_file_is_the_owners", to="file"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Session",
                    fields=[
                        ("session_data", models.TextField(verbose_name="session data")),
                        (
                            "expire_date",
                            models.DateTimeField(db_index=True, verbose_name="expire date"),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sessions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "session_key",
                            models.CharField(max_length=64, primary_key=True, serialize=False),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("session_key__regex", "^[0-9a-f]{64}$")),
                                name="session_key_is_a_digest",
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
