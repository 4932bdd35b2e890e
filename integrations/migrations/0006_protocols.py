import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_walls"),
        ("integrations", "0005_connection_care"),
    ]

    operations = [
        migrations.AddField(
            model_name="integration",
            name="protocol",
            field=models.CharField(default="v3", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="integration",
            name="proven_protocol",
            field=models.CharField(blank=True, default="", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="integration",
            name="author",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.membership",
            ),
        ),
        migrations.AddField(
            model_name="integration",
            name="send_statuses",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="connectiontest",
            name="membership",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.membership",
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="integrator_id",
            field=models.CharField(blank=True, default="", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="credential",
            name="token",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="credential",
            name="token_tail",
            field=models.CharField(blank=True, default="", max_length=4),
            preserve_default=False,
        ),
    ]
