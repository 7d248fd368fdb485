"""One lock for all models: how much one person may run at once is counted across them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chats", "0001_initial")]

    operations = [
        migrations.DeleteModel(name="Line"),
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
                    models.CheckConstraint(condition=models.Q(("only", 1)), name="line_has_one_row")
                ],
            },
        ),
    ]
