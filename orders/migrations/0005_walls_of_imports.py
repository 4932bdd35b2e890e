from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_orderimport")]

    operations = [
        rls.tenant_table("orders_orderimport"),
        rls.tenant_foreign_key("orders_orderimport", "integration_id", "integrations_integration"),
    ]
