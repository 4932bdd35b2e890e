from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_people_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="shop_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="organization",
            name="shop_colour",
            field=models.CharField(db_default="#2b4acb", default="#2b4acb", max_length=7),
        ),
        migrations.AddField(
            model_name="organization",
            name="shop_phone",
            field=models.CharField(blank=True, db_default="", default="", max_length=11),
        ),
        migrations.AddField(
            model_name="organization",
            name="shop_whatsapp",
            field=models.CharField(blank=True, db_default="", default="", max_length=11),
        ),
        migrations.AddField(
            model_name="organization",
            name="shop_email",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="organization",
            name="shop_site",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
