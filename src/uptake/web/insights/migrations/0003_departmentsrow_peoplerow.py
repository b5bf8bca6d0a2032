"""Active users by department, and rows about people while they may stay."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0002_audit_is_append_only"),
        ("insights", "0002_graph_tenant"),
    ]

    operations = [
        migrations.CreateModel(
            name="DepartmentsRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_date", models.DateField()),
                ("value", models.JSONField()),
                (
                    "engagement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage_departments",
                        to="engagements.engagement",
                    ),
                ),
            ],
            options={
                "ordering": ["-data_date"],
                "constraints": [models.UniqueConstraint(fields=("engagement", "data_date"), name="one_departments")],
            },
        ),
        migrations.CreateModel(
            name="PeopleRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("use", "Use"), ("membership", "Membership")], max_length=10)),
                ("data_date", models.DateField()),
                ("source", models.CharField(max_length=255)),
                ("people", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "engagement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage_people",
                        to="engagements.engagement",
                    ),
                ),
            ],
            options={
                "ordering": ["-data_date", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("engagement", "kind", "data_date"), name="one_people_row")
                ],
            },
        ),
    ]
