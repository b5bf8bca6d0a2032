"""When usage reports are made, and those that were."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0002_audit_is_append_only"),
        ("insights", "0003_departmentsrow_peoplerow"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("every", models.CharField(default="off", max_length=10, verbose_name="make a report")),
                ("day", models.PositiveSmallIntegerField(default=1, verbose_name="day of the month")),
                ("days_before", models.PositiveSmallIntegerField(default=3, verbose_name="days before the session")),
                ("languages", models.JSONField(default=list)),
                ("since", models.DateField(default=django.utils.timezone.localdate)),
                (
                    "engagement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_plan",
                        to="engagements.engagement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occasion", models.CharField(max_length=10)),
                ("on", models.DateField()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("data_date", models.DateField(null=True)),
                ("languages", models.JSONField(default=list)),
                ("value", models.JSONField(default=dict)),
                ("version", models.CharField(blank=True, max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("ready", "Ready"), ("failed", "Failed")], default="failed", max_length=10
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("tries", models.PositiveIntegerField(default=0)),
                (
                    "engagement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage_reports",
                        to="engagements.engagement",
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("engagement", "occasion", "on"), name="one_report_an_occasion")
                ],
            },
        ),
    ]
