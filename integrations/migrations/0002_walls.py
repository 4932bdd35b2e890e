from django.db import migrations

from accounts import rls

STATE = "SELECT s.organization_id, s.id FROM integrations_oauthstate s WHERE s.nonce_hash = wanted"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        rls.tenant_table("integrations_integration"),
        rls.tenant_table("integrations_credential"),
        rls.tenant_table("integrations_oauthstate"),
        rls.tenant_table("integrations_cursor"),
        rls.tenant_foreign_key("integrations_credential", "integration_id", "integrations_integration"),
        rls.tenant_foreign_key("integrations_oauthstate", "integration_id", "integrations_integration"),
        rls.tenant_foreign_key("integrations_oauthstate", "membership_id", "accounts_membership"),
        rls.tenant_foreign_key("integrations_cursor", "integration_id", "integrations_integration"),
        rls.gateway_access("integrations_oauthstate"),
        rls.gateway_function(
            "gateway_oauth_state(wanted text)", "TABLE (organization_id bigint, state_id bigint)", STATE
        ),
    ]
