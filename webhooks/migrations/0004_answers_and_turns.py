import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_replay_runs")]

    operations = [
        migrations.AddField("webhookreceipt", "answer", models.TextField(db_default="", default="")),
        migrations.RemoveIndex("webhookreceipt", "webhooks_receipt_failed"),
        migrations.AddIndex(
            "webhookreceipt",
            models.Index(
                condition=models.Q(("state__in", ("waiting", "applied", "ignored", "repeated", "failed"))),
                fields=["organization", "state", "-id"],
                name="webhooks_receipt_states",
            ),
        ),
        migrations.AddIndex(
            "webhookreceipt",
            django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="webhooks_receipt_hours"
            ),
        ),
        migrations.AddField("webhookreplayrun", "started_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("webhookreplayrun", "webhooks_replay_run_one_open"),
        migrations.AddIndex(
            "webhookreplayrun",
            models.Index(
                condition=models.Q(("finished_at", None)),
                fields=["organization", "integration", "id"],
                name="webhooks_replay_run_open",
            ),
        ),
    ]
