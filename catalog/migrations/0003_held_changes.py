import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_people_walls"),
        ("catalog", "0002_walls"),
        ("integrations", "0007_walls_of_authors"),
    ]

    operations = [
        migrations.AddField(
            model_name="productreference",
            name="stock_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="figurechange",
            name="source",
            field=models.CharField(
                choices=[
                    ("import", "Importação"),
                    ("poll", "Consulta periódica"),
                    ("notice", "Notificação"),
                    ("person", "Pessoa"),
                    ("api", "API"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="HeldChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "figure",
                    models.CharField(
                        choices=[
                            ("stock", "Estoque"),
                            ("price", "Preço"),
                            ("promotional_price", "Preço promocional"),
                        ],
                        max_length=20,
                    ),
                ),
                ("before", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("after", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("reason_code", models.CharField(max_length=60)),
                ("reason_params", models.JSONField(default=dict)),
                ("held_at", models.DateTimeField()),
                ("stands", models.BooleanField(default=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accepted", "Aceita"),
                            ("refused", "Mantido o nosso"),
                            ("withdrawn", "Desfeita pelo ERP"),
                        ],
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=120)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_changes",
                        to="catalog.product",
                    ),
                ),
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
                    "reference",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_changes",
                        to="catalog.productreference",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stands", True)),
                        fields=("organization", "product", "figure"),
                        name="catalog_held_once",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("decided_at", None)),
                        fields=["organization", "integration", "reason_code"],
                        name="catalog_held_waiting",
                    )
                ],
            },
        ),
    ]
