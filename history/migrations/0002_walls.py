from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial"), ("accounts", "0002_walls")]

    operations = [rls.tenant_table("history_historyentry")]
