from django.db import migrations, models


class Migration(migrations.Migration):
    # With defaults in the database: processes of an earlier version go on until they are replaced.
    dependencies = [
        ("chats", "0025_same_owners"),
    ]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="titling_server",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=200
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="server",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="temporaryplace",
            name="server",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
