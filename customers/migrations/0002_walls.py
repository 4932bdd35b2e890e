from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("integrations", "0002_walls")]

    operations = [
        rls.tenant_table("customers_customer"),
        rls.tenant_table("customers_customerreference"),
        rls.tenant_foreign_key("customers_customerreference", "customer_id", "customers_customer"),
        rls.tenant_foreign_key("customers_customerreference", "integration_id", "integrations_integration"),
    ]
