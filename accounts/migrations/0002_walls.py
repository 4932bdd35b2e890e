from django.db import migrations

from accounts import rls

MEMBERSHIPS = """
    SELECT m.organization_id, m.id FROM accounts_membership m
    WHERE m.user_id = member_id AND m.is_active ORDER BY 1
"""

MEMBERSHIP_IN = """
    SELECT m.organization_id, m.id
    FROM accounts_membership m JOIN accounts_organization o ON o.id = m.organization_id
    WHERE m.user_id = member_id AND m.is_active AND o.slug = address
"""

CLOCK = f"""
    CREATE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE
        SET search_path = public, pg_temp AS
        $$ SELECT clock_timestamp() + coalesce((SELECT "offset" FROM accounts_clockoffset LIMIT 1), '0') $$;
    GRANT EXECUTE ON FUNCTION clock_now() TO {rls.APP}, {rls.STAFF}, {rls.GATEWAY};
    GRANT SELECT ON accounts_clockoffset TO {rls.GATEWAY};
    REVOKE INSERT, UPDATE, DELETE ON accounts_clockoffset FROM {rls.APP};
    CREATE UNIQUE INDEX accounts_clockoffset_single ON accounts_clockoffset ((true));
"""  # noqa: S608  names of roles come from the settings


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(CLOCK, migrations.RunSQL.noop),
        rls.policies("accounts_organization", column="id"),
        rls.tenant_table("accounts_membership"),
        rls.gateway_access("accounts_organization"),
        rls.gateway_access("accounts_membership"),
        rls.gateway_function(
            "gateway_memberships(member_id bigint)",
            "TABLE (organization_id bigint, membership_id bigint)",
            MEMBERSHIPS,
        ),
        rls.gateway_function(
            "gateway_membership_in(member_id bigint, address text)",
            "TABLE (organization_id bigint, membership_id bigint)",
            MEMBERSHIP_IN,
        ),
    ]
