import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_people_walls"),
        ("integrations", "0009_no_checklist"),
    ]

    operations = [
        migrations.CreateModel(
            name="IngestOutage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="IngestPulse",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="NotificationWatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                ("silent", models.JSONField(default=dict)),
                ("muted", models.JSONField(default=dict)),
                ("missed", models.IntegerField(default=0)),
                ("silent_since", models.DateTimeField(null=True)),
                ("noticed_at", models.DateTimeField(null=True)),
                (
                    "integration",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="integrations.integration",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WebhookAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key_hash", models.CharField(max_length=64, unique=True)),
                ("key", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, max_length=120)),
                ("valid_until", models.DateTimeField(null=True)),
                (
                    "integration",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="integrations.integration",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("headers", models.JSONField(default=dict)),
                ("remote_ip", models.CharField(blank=True, max_length=45)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Recebida"),
                            ("waiting", "Aguardando"),
                            ("applied", "Processada"),
                            ("ignored", "Ignorada"),
                            ("repeated", "Repetida"),
                            ("failed", "Falhou"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("stock", "stock"),
                            ("price", "price"),
                            ("product", "product"),
                            ("order", "order"),
                            ("situation", "situation"),
                            ("tracking", "tracking"),
                            ("invoice", "invoice"),
                            ("probe", "probe"),
                        ],
                        max_length=10,
                    ),
                ),
                ("type_name", models.CharField(blank=True, max_length=60)),
                ("entity", models.CharField(blank=True, max_length=140)),
                ("facts", models.JSONField(default=dict)),
                ("reason_code", models.CharField(blank=True, max_length=80)),
                ("reason_params", models.JSONField(default=dict)),
                ("effect", models.JSONField(default=list)),
                ("attempts", models.IntegerField(default=0)),
                ("replays", models.IntegerField(default=0)),
                ("read_at", models.DateTimeField(null=True)),
                ("provisional_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "integration",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="integrations.integration",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "repeats",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="webhooks.webhookreceipt",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="webhookaddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("valid_until", None)),
                fields=("organization", "integration"),
                name="webhooks_address_one_current",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookreceipt",
            index=models.Index(
                condition=models.Q(("state", "received")),
                fields=["organization", "integration", "id"],
                name="webhooks_receipt_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookreceipt",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "failed"))),
                fields=["organization", "integration", "entity", "id"],
                name="webhooks_receipt_to_follow",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookreceipt",
            index=models.Index(
                condition=models.Q(("kind", ""), _negated=True),
                fields=["organization", "integration", "kind", "-id"],
                name="webhooks_receipt_kinds",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookreceipt",
            index=models.Index(
                condition=models.Q(("entity", ""), _negated=True),
                fields=["organization", "integration", "entity", "-id"],
                name="webhooks_receipt_about",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookreceipt",
            index=models.Index(
                condition=models.Q(("repeats__isnull", False)),
                fields=["organization", "repeats"],
                name="webhooks_receipt_repeated",
            ),
        ),
    ]
