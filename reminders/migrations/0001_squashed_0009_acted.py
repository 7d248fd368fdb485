"""The tables of a new installation; see docs/decisions/2026-11-squashed-migrations.md."""

import uuid

import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.constraints
import accounts.fields
from ahfai import tables


class Migration(migrations.Migration):
    replaces = [
        ("reminders", "0001_initial"),
        ("reminders", "0002_notices"),
        ("reminders", "0003_channels"),
        ("reminders", "0004_lists"),
        ("reminders", "0005_feeds"),
        ("reminders", "0006_steps"),
        ("reminders", "0007_imported"),
        ("reminders", "0008_about"),
        ("reminders", "0009_acted"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0005_files"),
    ]

    operations = [
        tables.CreateModels(
            [
                migrations.CreateModel(
                    name="List",
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
                                related_name="reminder_lists",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "name",
                            accounts.fields.SealedTextField(max_length=80, verbose_name="name"),
                        ),
                        ("name_hash", models.CharField(max_length=64)),
                        (
                            "colour",
                            models.CharField(
                                choices=[
                                    ("jade", "Jade"),
                                    ("sky", "Sky"),
                                    ("iris", "Iris"),
                                    ("plum", "Plum"),
                                    ("rose", "Rose"),
                                    ("amber", "Amber"),
                                    ("moss", "Moss"),
                                    ("stone", "Stone"),
                                ],
                                default="jade",
                                max_length=8,
                            ),
                        ),
                        ("place", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "name_hash"), name="list_once_per_owner"
                            ),
                            models.UniqueConstraint(fields=("owner", "id"), name="list_of_owner"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "colour__in",
                                        [
                                            "jade",
                                            "sky",
                                            "iris",
                                            "plum",
                                            "rose",
                                            "amber",
                                            "moss",
                                            "stone",
                                        ],
                                    )
                                ),
                                name="list_colour_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Reminder",
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
                                related_name="reminders",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "title",
                            accounts.fields.SealedTextField(max_length=200, verbose_name="title"),
                        ),
                        (
                            "details",
                            accounts.fields.SealedTextField(
                                blank=True, max_length=20000, verbose_name="details"
                            ),
                        ),
                        (
                            "priority",
                            models.PositiveSmallIntegerField(
                                choices=[(0, "None"), (1, "High"), (2, "Middle"), (3, "Low")],
                                default=0,
                            ),
                        ),
                        (
                            "list",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="reminders",
                                to="reminders.list",
                                verbose_name="list",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="reminders.reminder",
                            ),
                        ),
                        ("about_kind", models.CharField(blank=True, max_length=16)),
                        ("about_id", models.UUIDField(null=True)),
                        ("day", models.DateField(null=True)),
                        ("at", models.TimeField(null=True)),
                        ("zone", models.CharField(blank=True, max_length=64)),
                        ("rrule", models.CharField(blank=True, max_length=500)),
                        (
                            "repeat_from",
                            models.CharField(
                                blank=True, choices=[("due", "Due"), ("done", "Done")], max_length=4
                            ),
                        ),
                        ("due", models.DateTimeField(null=True)),
                        ("next_fire_at", models.DateTimeField(null=True)),
                        ("snoozed_until", models.DateTimeField(null=True)),
                        ("done", models.DateTimeField(null=True)),
                        ("trashed", models.DateTimeField(null=True)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "changed",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("acted", models.DateTimeField(editable=False, null=True)),
                        ("version", models.PositiveIntegerField(default=1, editable=False)),
                        ("made_by", models.UUIDField(editable=False, null=True)),
                        (
                            "source_hash",
                            models.CharField(editable=False, max_length=64, null=True, unique=True),
                        ),
                        ("change_number", models.BigIntegerField(default=0, editable=False)),
                        ("has_own_channels", models.BooleanField(default=False)),
                    ],
                    options={
                        "verbose_name": "reminder",
                        "verbose_name_plural": "reminders",
                        "indexes": [
                            models.Index(
                                models.F("owner"),
                                django.db.models.functions.comparison.Coalesce(
                                    "snoozed_until", "due"
                                ),
                                models.F("id"),
                                condition=models.Q(
                                    ("done", None), ("due__isnull", False), ("trashed", None)
                                ),
                                name="reminder_by_moment",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("done", None), ("due", None), ("trashed", None)
                                ),
                                fields=["owner", "-created", "-id"],
                                name="reminder_undated_newest_first",
                            ),
                            models.Index(
                                condition=models.Q(("trashed__isnull", False)),
                                fields=["owner", "-trashed", "-id"],
                                name="reminder_trash_newest_first",
                            ),
                            models.Index(
                                condition=models.Q(("trashed__isnull", False)),
                                fields=["trashed"],
                                name="reminder_trash_by_age",
                            ),
                            models.Index(
                                condition=models.Q(("next_fire_at__isnull", False)),
                                fields=["next_fire_at", "id"],
                                name="reminder_next_to_fire",
                            ),
                            models.Index(
                                condition=models.Q(("next_fire_at__isnull", False)),
                                fields=["owner", "next_fire_at"],
                                name="reminder_owners_next_to_fire",
                            ),
                            models.Index(
                                condition=models.Q(("about_id__isnull", False)),
                                fields=["owner", "about_id"],
                                name="reminder_by_what_it_is_about",
                            ),
                            models.Index(
                                fields=["owner", "change_number"], name="reminder_by_change"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "id"), name="reminder_of_owner"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("version__gte", 1)),
                                name="reminder_version_from_one",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("priority__in", [0, 1, 2, 3])),
                                name="reminder_priority_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("at", None), ("day", None), ("due", None)),
                                    models.Q(("day__isnull", False), ("due__isnull", False)),
                                    _connector="OR",
                                ),
                                name="reminder_of_a_day_is_due",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("zone", ""), ("at__isnull", False), _connector="OR"
                                ),
                                name="reminder_zone_is_of_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("repeat_from", ""), ("rrule", "")),
                                    models.Q(
                                        models.Q(("rrule", ""), _negated=True),
                                        ("day__isnull", False),
                                        ("repeat_from__in", ["due", "done"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="reminder_repeat_is_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("snoozed_until", None),
                                    models.Q(("done", None), ("due__isnull", False)),
                                    _connector="OR",
                                ),
                                name="reminder_snoozed_is_due",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("next_fire_at", None),
                                    models.Q(
                                        ("done", None), ("due__isnull", False), ("trashed", None)
                                    ),
                                    _connector="OR",
                                ),
                                name="reminder_tells_only_of_what_is_open",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source_hash", None),
                                    ("source_hash__regex", "^[0-9a-f]{64}$"),
                                    _connector="OR",
                                ),
                                name="reminder_source_hash_is_a_digest",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("made_by__isnull", False)),
                                fields=("owner", "made_by"),
                                name="reminder_made_once_per_page",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("about_id", None), ("about_kind", "")),
                                    models.Q(
                                        models.Q(("about_kind", ""), _negated=True),
                                        ("about_id__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="reminder_about_is_whole",
                            ),
                            accounts.constraints.SameOwner(
                                name="reminder_list_is_the_owners", to="list"
                            ),
                            accounts.constraints.SameOwner(
                                name="reminder_parent_is_the_owners", to="parent"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("parent", None),
                                    models.Q(("parent", models.F("id")), _negated=True),
                                    _connector="OR",
                                ),
                                name="reminder_is_no_part_of_itself",
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
                            "reminder",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, to="reminders.reminder"
                            ),
                        ),
                        (
                            "tag",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="accounts.tag",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reminder", "tag"), name="tagging_once_per_reminder"
                            ),
                            accounts.constraints.SameOwner(
                                name="tagging_reminder_is_the_owners", to="reminder"
                            ),
                            accounts.constraints.SameOwner(
                                name="tagging_reminders_tag_is_the_owners", to="tag"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Channel",
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
                                related_name="channels",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("email", "E-mail"),
                                    ("ntfy", "ntfy"),
                                    ("gotify", "Gotify"),
                                    ("webhook", "Webhook"),
                                    ("push", "A browser"),
                                ],
                                max_length=8,
                            ),
                        ),
                        (
                            "name",
                            accounts.fields.SealedTextField(max_length=80, verbose_name="name"),
                        ),
                        ("target", accounts.fields.SealedTextField(max_length=4000)),
                        ("says_title", models.BooleanField(default=False)),
                        ("by_default", models.BooleanField(default=True)),
                        ("off_since", models.DateTimeField(null=True)),
                        ("off_because", accounts.fields.SealedTextField(max_length=500, null=True)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "id"), name="channel_of_owner"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["email", "ntfy", "gotify", "webhook", "push"])
                                ),
                                name="channel_kind_is_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "email")),
                                fields=("owner",),
                                name="channel_one_for_email",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ChosenChannel",
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
                            "reminder",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="chosen",
                                to="reminders.reminder",
                            ),
                        ),
                        (
                            "channel",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="reminders.channel",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reminder", "channel"),
                                name="chosenchannel_once_per_reminder",
                            ),
                            accounts.constraints.SameOwner(
                                name="chosenchannel_reminder_is_the_owners", to="reminder"
                            ),
                            accounts.constraints.SameOwner(
                                name="chosenchannel_channel_is_the_owners", to="channel"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Telling",
                    fields=[
                        (
                            "owner",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                serialize=False,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("quiet_from", models.TimeField(null=True)),
                        ("quiet_until", models.TimeField(null=True)),
                        ("digest_at", models.TimeField(null=True)),
                        ("next_digest_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("next_digest_at__isnull", False)),
                                fields=["next_digest_at"],
                                name="telling_next_digest",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("quiet_from", None), ("quiet_until", None)),
                                    models.Q(
                                        ("quiet_from__isnull", False),
                                        ("quiet_until__isnull", False),
                                        models.Q(
                                            ("quiet_from", models.F("quiet_until")), _negated=True
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="telling_quiet_hours_have_an_end",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("digest_at", None), ("next_digest_at", None)),
                                    models.Q(
                                        ("digest_at__isnull", False),
                                        ("next_digest_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="telling_digest_has_a_next_time",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Completion",
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
                                related_name="completions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reminder",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="completions",
                                to="reminders.reminder",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("done", "Done"),
                                    ("skipped", "Skipped"),
                                    ("ended", "Ended"),
                                    ("again", "Again"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("made", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "along_with",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="taken_along",
                                to="reminders.completion",
                            ),
                        ),
                        ("version", models.PositiveIntegerField()),
                        ("day", models.DateField(null=True)),
                        ("at", models.TimeField(null=True)),
                        ("due", models.DateTimeField(null=True)),
                        ("snoozed_until", models.DateTimeField(null=True)),
                        ("next_fire_at", models.DateTimeField(null=True)),
                        ("done", models.DateTimeField(null=True)),
                        ("rrule", models.CharField(blank=True, max_length=500)),
                        ("repeat_from", models.CharField(blank=True, max_length=4)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["owner", "-made", "-id"], name="completion_newest_first"
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["done", "skipped", "ended", "again"])
                                ),
                                name="completion_kind_is_known",
                            ),
                            models.UniqueConstraint(
                                fields=("reminder", "version"), name="completion_once_per_version"
                            ),
                            models.UniqueConstraint(
                                fields=("owner", "id"), name="completion_of_owner"
                            ),
                            accounts.constraints.SameOwner(
                                name="completion_along_is_the_owners", to="along_with"
                            ),
                            accounts.constraints.SameOwner(
                                name="completion_reminder_is_the_owners", to="reminder"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
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
                                related_name="deliveries",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reminder",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="reminders.reminder",
                            ),
                        ),
                        ("occurrence_at", models.DateTimeField()),
                        (
                            "channel",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="reminders.channel",
                            ),
                        ),
                        ("missed", models.PositiveIntegerField(default=0)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting"),
                                    ("sent", "Sent"),
                                    ("dropped", "Dropped"),
                                    ("failed", "Failed"),
                                ],
                                default="waiting",
                                max_length=8,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("made", models.DateTimeField(default=django.utils.timezone.now)),
                        ("next_try_at", models.DateTimeField()),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("lease_token", models.UUIDField(null=True)),
                        ("sent_at", models.DateTimeField(null=True)),
                        ("error", accounts.fields.SealedTextField(max_length=500, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "waiting")),
                                fields=["next_try_at", "id"],
                                name="delivery_next_to_send",
                            ),
                            models.Index(
                                fields=["owner", "-made", "-id"], name="delivery_newest_first"
                            ),
                            models.Index(fields=["made"], name="delivery_by_age"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reminder", "occurrence_at", "channel"),
                                name="delivery_once_per_occurrence",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("reminder", None)),
                                fields=("channel", "occurrence_at"),
                                name="delivery_digest_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["waiting", "sent", "dropped", "failed"])
                                ),
                                name="delivery_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                                    models.Q(
                                        models.Q(("state", "sent"), _negated=True),
                                        ("sent_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="delivery_sent_says_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("lease_token", None), ("lease_until", None)),
                                    models.Q(
                                        ("lease_token__isnull", False),
                                        ("lease_until__isnull", False),
                                        ("state", "waiting"),
                                    ),
                                    _connector="OR",
                                ),
                                name="delivery_leased_is_waiting",
                            ),
                            accounts.constraints.SameOwner(
                                name="delivery_reminder_is_the_owners", to="reminder"
                            ),
                            accounts.constraints.SameOwner(
                                name="delivery_channel_is_the_owners", to="channel"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Feed",
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
                                related_name="feeds",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "name",
                            accounts.fields.SealedTextField(max_length=100, verbose_name="name"),
                        ),
                        (
                            "secret_hash",
                            models.CharField(editable=False, max_length=64, unique=True),
                        ),
                        (
                            "shape",
                            models.CharField(
                                choices=[("VEVENT", "Appointments"), ("VTODO", "Tasks")],
                                default="VEVENT",
                                max_length=6,
                            ),
                        ),
                        ("shows_titles", models.BooleanField(default=True)),
                        (
                            "created",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("last_read", models.DateTimeField(editable=False, null=True)),
                    ],
                    options={
                        "verbose_name": "calendar address",
                        "verbose_name_plural": "calendar addresses",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("secret_hash__regex", "^[0-9a-f]{64}$")),
                                name="feed_secret_hash_is_a_digest",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("shape__in", ["VEVENT", "VTODO"])),
                                name="feed_shape_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Notice",
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
                                related_name="notices",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reminder",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notices",
                                to="reminders.reminder",
                            ),
                        ),
                        ("occurrence_at", models.DateTimeField()),
                        ("missed", models.PositiveIntegerField(default=0)),
                        ("made", models.DateTimeField(default=django.utils.timezone.now)),
                        ("read", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["owner", "-made", "-id"], name="notice_newest_first"
                            ),
                            models.Index(
                                condition=models.Q(("read", None)),
                                fields=["owner", "-made"],
                                name="notice_unread",
                            ),
                            models.Index(fields=["made"], name="notice_by_age"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("reminder", "occurrence_at"),
                                name="notice_once_per_occurrence",
                            ),
                            accounts.constraints.SameOwner(
                                name="notice_reminder_is_the_owners", to="reminder"
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.AddField(
            model_name="reminder",
            name="tags",
            field=models.ManyToManyField(
                blank=True, related_name="reminders", through="reminders.Tagging", to="accounts.tag"
            ),
        ),
    ]
