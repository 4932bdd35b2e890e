from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0005_stopped_until")]
    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["organization", "channel", "kind", "key"], name="jobs_job_same_work"),
        ),
    ]
