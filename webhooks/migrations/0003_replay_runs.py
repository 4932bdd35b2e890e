import django.db.models.deletion
from django.db import migrations, models

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_people_walls"),
        ("integrations", "0009_no_checklist"),
        ("webhooks", "0002_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookReplayRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requested_by", models.CharField(max_length=120)),
                ("requested_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("is_cancelled", models.BooleanField(default=False)),
                ("receipt_ids", models.JSONField(default=list)),
                ("receipts_done", models.IntegerField(default=0)),
                ("receipts_skipped", models.IntegerField(default=0)),
            ],
        ),
        migrations.AddIndex(
            model_name="webhookreceipt",
            index=models.Index(
                condition=models.Q(("state", "failed")),
                fields=["organization", "-id"],
                name="webhooks_receipt_failed",
            ),
        ),
        migrations.AddField(
            model_name="webhookreplayrun",
            name="integration",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="integrations.integration",
            ),
        ),
        migrations.AddField(
            model_name="webhookreplayrun",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookreplayrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("organization", "integration"),
                name="webhooks_replay_run_one_open",
            ),
        ),
        rls.tenant_table("webhooks_webhookreplayrun"),
        rls.tenant_foreign_key("webhooks_webhookreplayrun", "integration_id", "integrations_integration"),
    ]
