from django.db import migrations

from accounts import rls

INTEGRATION = "SELECT i.organization_id FROM integrations_integration i WHERE i.id = wanted"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_connectiontest")]

    operations = [
        rls.tenant_table("integrations_connectiontest"),
        rls.tenant_foreign_key("integrations_connectiontest", "integration_id", "integrations_integration"),
        rls.gateway_access("integrations_integration"),
        rls.gateway_function(
            "gateway_integration(wanted bigint)", "TABLE (organization_id bigint)", INTEGRATION
        ),
    ]
