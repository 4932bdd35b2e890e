from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_walls")]

    operations = [
        migrations.AddField(model_name="parcel", name="counts_from", field=models.DateField(null=True)),
    ]
