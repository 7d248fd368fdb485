import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.fields


def give_each_an_id(apps, schema_editor):
    sessions = apps.get_model("accounts", "Session").objects.using(schema_editor.connection.alias)
    for session in sessions.iterator():
        session.id = uuid.uuid4()
        session.save(update_fields=["id"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="id",
            field=models.UUIDField(default=None, editable=False, null=True),
        ),
        migrations.RunPython(give_each_an_id, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="session",
            name="id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name="session",
            name="started",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="session",
            name="seen",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="session",
            name="browser",
            field=models.CharField(default="", max_length=60),
        ),
        migrations.AddField(
            model_name="session",
            name="address",
            field=models.CharField(default="", max_length=45),
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event", models.CharField(max_length=32)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("details", accounts.fields.SealedTextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="audit_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["owner", "at"], name="auditentry_by_owner"),
                    models.Index(fields=["at"], name="auditentry_by_age"),
                ],
            },
        ),
    ]
