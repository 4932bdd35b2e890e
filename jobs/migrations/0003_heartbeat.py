from django.db import migrations, models

from accounts import rls

# A paused channel waits for a person, so what is due on it is no sign of trouble here.
OLDEST_DUE_JOB = """
    SELECT j.not_before FROM jobs_job j
    JOIN jobs_channel c ON c.organization_id = j.organization_id AND c.name = j.channel
    WHERE j.status = 'pending' AND j.not_before <= clock_now() AND c.paused_at IS NULL
    ORDER BY j.not_before LIMIT 1
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_walls")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        rls.gateway_function("gateway_oldest_due_job()", "timestamptz", OLDEST_DUE_JOB),
    ]
