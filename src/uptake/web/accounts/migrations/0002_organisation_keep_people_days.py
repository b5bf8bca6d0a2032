"""How long rows about people are kept, a choice of the organisation."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="keep_people_days",
            field=models.PositiveSmallIntegerField(default=35, verbose_name="days that rows about people are kept"),
        ),
    ]
