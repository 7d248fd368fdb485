from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ahfai", "0001_initial"),
        ("chats", "0026_model_servers"),
    ]

    operations = [
        migrations.AddField(
            model_name="pull",
            name="server",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AlterField(
            model_name="pull",
            name="model",
            field=models.CharField(max_length=200),
        ),
        migrations.AddConstraint(
            model_name="pull",
            constraint=models.UniqueConstraint(
                fields=("model", "server"), name="pull_once_per_server"
            ),
        ),
    ]
