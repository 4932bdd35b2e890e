from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_sending")]

    operations = [
        rls.tenant_table("customers_customercounter"),
        rls.tenant_table("customers_customercriteria"),
        rls.tenant_foreign_key("customers_customercriteria", "integration_id", "integrations_integration"),
    ]
