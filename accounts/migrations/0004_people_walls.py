from django.db import migrations

from accounts import rls

ALL_MEMBERSHIPS = """
    SELECT m.organization_id, m.id FROM accounts_membership m WHERE m.user_id = member_id ORDER BY 1
"""
LINK = "SELECT l.organization_id, l.id FROM accounts_passwordlink l WHERE l.token_hash = wanted"
BEARER = "SELECT t.organization_id, t.id FROM accounts_apitoken t WHERE t.token_hash = wanted"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_people")]

    operations = [
        rls.tenant_table("accounts_passwordlink"),
        rls.tenant_table("accounts_apitoken"),
        rls.tenant_table("accounts_auditentry"),
        rls.tenant_foreign_key("accounts_passwordlink", "membership_id", "accounts_membership"),
        rls.tenant_foreign_key("accounts_apitoken", "membership_id", "accounts_membership"),
        rls.tenant_foreign_key("accounts_auditentry", "person_id", "accounts_membership"),
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE ON accounts_auditentry FROM {rls.APP};", migrations.RunSQL.noop
        ),
        rls.gateway_access("accounts_passwordlink"),
        rls.gateway_access("accounts_apitoken"),
        rls.gateway_function(
            "gateway_all_memberships(member_id bigint)",
            "TABLE (organization_id bigint, membership_id bigint)",
            ALL_MEMBERSHIPS,
        ),
        rls.gateway_function(
            "gateway_password_link(wanted text)",
            "TABLE (organization_id bigint, link_id bigint)",
            LINK,
        ),
        rls.gateway_function(
            "gateway_api_token(wanted text)", "TABLE (organization_id bigint, token_id bigint)", BEARER
        ),
    ]
