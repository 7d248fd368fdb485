import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ahfai", "0001_initial"),
        ("chats", "0009_long_talks"),
    ]

    operations = [
        # The chats that are there keep the titles they have.
        migrations.AddField(
            model_name="chat", name="titled", field=models.BooleanField(default=True)
        ),
        migrations.AlterField(
            model_name="chat", name="titled", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="chat",
            name="titling",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="ahfai.heartbeat",
            ),
        ),
    ]
