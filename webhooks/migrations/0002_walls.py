from django.db import migrations

from accounts import rls

# The row with the bytes, and a job that reads it. Where one waits already nothing more is written: it would
# be the one row that all posts of an account stand in line for until each commit, and that a claim hardly
# ever finds free during a flood. (Measured with eight senders of one account against a job that each post
# writes to: half as many posts again, and every claim at once instead of one in three.) But a job that
# waits may be claimed, and have looked, before this row is committed. Hence the shared lock until the
# commit: a reading begins by taking it alone for a moment (webhooks/services/arrivals.py), and so sees
# every row whose post left it to that job. A look costs less than an attempt to insert, and is taken after
# the lock, with a snapshot of its own.
ACCEPT = """
#variable_conflict use_column
DECLARE
    address record;
    receipt bigint;
    job bigint;
BEGIN
    SELECT a.organization_id AS tenant, a.integration_id AS erp INTO address FROM webhooks_webhookaddress a
    WHERE a.key_hash = wanted AND (a.valid_until IS NULL OR a.valid_until > clock_now());
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(7260012, address.erp::integer);
    INSERT INTO webhooks_webhookreceipt
        (organization_id, integration_id, received_at, body, headers, remote_ip, state,
         kind, type_name, entity, facts, reason_code, reason_params, effect, attempts, replays)
    VALUES (address.tenant, address.erp, clock_now(), content, sent, sender, 'received',
            '', '', '', '{}', '', '{}', '[]', 0, 0)
    RETURNING id INTO receipt;
    PERFORM FROM jobs_job j
    WHERE j.organization_id = address.tenant AND j.channel = 'webhooks:' || address.erp
      AND j.kind = 'read_receipts' AND j.key = address.erp::text AND j.status = 'pending';
    IF NOT FOUND THEN
        INSERT INTO jobs_job
            (organization_id, channel, kind, key, lock, priority, payload, step, status,
             attempts, crashes, failures, not_before, reason_code, reason_params, reason_key, created_at)
        VALUES (address.tenant, 'webhooks:' || address.erp, 'read_receipts', address.erp::text,
                'read_receipts', 30, '{}', '{}', 'pending', 0, 0, 0, clock_now(), '', '{}', '', clock_now())
        ON CONFLICT (organization_id, channel, kind, key) WHERE status = 'pending' DO NOTHING
        RETURNING id INTO job;
    END IF;
    RETURN QUERY SELECT address.tenant::bigint, receipt, job;
END
"""

FIND = """
    SELECT a.organization_id, a.id FROM webhooks_webhookaddress a
    WHERE a.key_hash = wanted AND (a.valid_until IS NULL OR a.valid_until > clock_now())
"""

NOTIFIED = "SELECT DISTINCT a.organization_id, a.integration_id FROM webhooks_webhookaddress a"


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("integrations", "0002_walls"),
        ("jobs", "0004_turns"),
        ("accounts", "0002_walls"),
    ]

    operations = [
        rls.tenant_table("webhooks_webhookaddress"),
        rls.tenant_table("webhooks_webhookreceipt"),
        rls.tenant_table("webhooks_notificationwatch"),
        rls.tenant_foreign_key("webhooks_notificationwatch", "integration_id", "integrations_integration"),
        rls.tenant_foreign_key("webhooks_webhookaddress", "integration_id", "integrations_integration"),
        rls.tenant_foreign_key("webhooks_webhookreceipt", "integration_id", "integrations_integration"),
        rls.tenant_foreign_key("webhooks_webhookreceipt", "repeats_id", "webhooks_webhookreceipt"),
        rls.gateway_access("webhooks_webhookaddress"),
        rls.gateway_access("webhooks_webhookreceipt", "SELECT, INSERT"),
        migrations.RunSQL(f"GRANT INSERT ON jobs_job TO {rls.GATEWAY};", migrations.RunSQL.noop),
        rls.gateway_function(
            "gateway_accept_webhook(wanted text, content bytea, sent jsonb, sender text)",
            "TABLE (organization_id bigint, receipt_id bigint, job_id bigint)",
            ACCEPT,
            language="plpgsql",
        ),
        rls.gateway_function(
            "gateway_webhook_address(wanted text)",
            "TABLE (organization_id bigint, address_id bigint)",
            FIND,
        ),
        rls.gateway_function(
            "gateway_notified_integrations()",
            "TABLE (organization_id bigint, integration_id bigint)",
            NOTIFIED,
        ),
    ]
