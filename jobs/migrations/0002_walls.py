from django.db import migrations

from accounts import rls

# One claim at a time, so that the turn of the channels and the locks are exact. Whoever may be served next
# is found by a skip scan over the channels that have a pending job: the backlog of one costs the others
# nothing. It waits for no row, because a row that is locked now can be claimed a moment later.
CLAIM = """
DECLARE
    moment timestamptz;
    turn record;
    chosen bigint;
    token bigint;
    try_number integer;
BEGIN
    PERFORM pg_advisory_xact_lock(7260010);
    moment := clock_now();
    FOR turn IN
        WITH RECURSIVE waiting AS (
            (SELECT j.organization_id AS tenant, j.channel AS name FROM jobs_job j WHERE j.status = 'pending'
             ORDER BY j.organization_id, j.channel LIMIT 1)
            UNION ALL
            SELECT following.tenant, following.name FROM waiting w CROSS JOIN LATERAL (
                SELECT j.organization_id AS tenant, j.channel AS name FROM jobs_job j
                WHERE j.status = 'pending' AND (j.organization_id, j.channel) > (w.tenant, w.name)
                ORDER BY j.organization_id, j.channel LIMIT 1
            ) following
        )
        SELECT c.id, c.organization_id AS tenant, c.name
        FROM waiting w
        JOIN jobs_channel c ON c.organization_id = w.tenant AND c.name = w.name
        LEFT JOIN jobs_budget b ON b.key = c.budget_key
        WHERE c.paused_at IS NULL
          AND coalesce(b.next_slot_at, moment) <= moment + wait_seconds * interval '1 second'
        ORDER BY c.last_served_at NULLS FIRST, c.id
    LOOP
        SELECT j.id INTO chosen FROM jobs_job j
        WHERE j.organization_id = turn.tenant AND j.channel = turn.name
          AND j.status = 'pending' AND j.not_before <= moment
          AND (j.lock IS NULL OR NOT EXISTS (
              SELECT FROM jobs_job r WHERE r.organization_id = j.organization_id AND r.channel = j.channel
                 AND r.lock = j.lock AND r.status = 'running'))
        ORDER BY j.priority, j.not_before, j.id
        LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM FROM jobs_channel c WHERE c.id = turn.id AND c.paused_at IS NULL
        FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;

        token := nextval('jobs_lease_seq');
        UPDATE jobs_channel c SET last_served_at = moment WHERE c.id = turn.id;
        UPDATE jobs_job j SET status = 'running', lease = token,
            lease_until = moment + lease_seconds * interval '1 second',
            attempts = j.attempts + 1, crashes = j.crashes + 1
        WHERE j.id = chosen RETURNING j.attempts INTO try_number;
        INSERT INTO jobs_jobattempt
            (organization_id, job_id, number, lease, worker, started_at, outcome, reason_code, reason_params)
        VALUES (turn.tenant, chosen, try_number, token, worker, moment, '', '', '{}');
        RETURN QUERY SELECT turn.tenant::bigint, chosen, token;
        RETURN;
    END LOOP;
END
"""

ORPHANS = """
    SELECT j.organization_id, j.id, j.lease FROM jobs_job j
    WHERE j.status = 'running' AND j.lease_until < clock_now() ORDER BY j.lease_until LIMIT most
"""

DUE_SCHEDULES = """
    SELECT s.organization_id, s.id FROM jobs_schedule s
    WHERE s.next_at <= clock_now() ORDER BY s.next_at LIMIT most
"""

HAS_DUE_JOBS = """
    SELECT EXISTS (
        SELECT FROM jobs_job j
        JOIN jobs_channel c ON c.organization_id = j.organization_id AND c.name = j.channel
        WHERE j.status = 'pending' AND j.not_before <= clock_now() AND c.paused_at IS NULL)
"""

PURGE = """
DECLARE
    before timestamptz := clock_now() - keep;
    doomed bigint[];
    jobs integer;
    calls integer;
BEGIN
    doomed := ARRAY(
        SELECT j.id FROM jobs_job j WHERE j.status = 'done' AND j.finished_at < before
        ORDER BY j.finished_at LIMIT most FOR UPDATE SKIP LOCKED);
    DELETE FROM jobs_call c WHERE c.job_id = ANY (doomed);
    DELETE FROM jobs_jobattempt a WHERE a.job_id = ANY (doomed);
    DELETE FROM jobs_job j WHERE j.id = ANY (doomed);
    GET DIAGNOSTICS jobs = ROW_COUNT;
    DELETE FROM jobs_call c WHERE c.id IN (
        SELECT o.id FROM jobs_call o WHERE o.created_at < before ORDER BY o.created_at LIMIT most);
    GET DIAGNOSTICS calls = ROW_COUNT;
    RETURN jobs + calls;
END
"""

CHANNEL_KEY = """
    ALTER TABLE {table} ADD CONSTRAINT {table}_channel_exists
        FOREIGN KEY (organization_id, channel) REFERENCES jobs_channel (organization_id, name);
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        rls.tenant_table("jobs_channel"),
        rls.tenant_table("jobs_job"),
        rls.tenant_table("jobs_jobattempt"),
        rls.tenant_table("jobs_call"),
        rls.tenant_table("jobs_schedule"),
        rls.tenant_foreign_key("jobs_jobattempt", "job_id", "jobs_job"),
        rls.tenant_foreign_key("jobs_call", "job_id", "jobs_job"),
        migrations.RunSQL(
            # A job on a channel that has no row would never be claimed.
            CHANNEL_KEY.format(table="jobs_job") + CHANNEL_KEY.format(table="jobs_schedule"),
            migrations.RunSQL.noop,
        ),
        rls.gateway_access("jobs_channel", "SELECT, UPDATE"),
        rls.gateway_access("jobs_job", "SELECT, UPDATE, DELETE"),
        rls.gateway_access("jobs_jobattempt", "SELECT, INSERT, DELETE"),
        rls.gateway_access("jobs_call", "SELECT, DELETE"),
        rls.gateway_access("jobs_schedule"),
        migrations.RunSQL(
            f"""
            CREATE SEQUENCE jobs_lease_seq;
            GRANT USAGE ON SEQUENCE jobs_lease_seq TO {rls.GATEWAY};
            GRANT SELECT ON jobs_budget TO {rls.GATEWAY};
            """,
            migrations.RunSQL.noop,
        ),
        rls.gateway_function(
            "gateway_claim_job(worker text, lease_seconds double precision, wait_seconds double precision)",
            "TABLE (organization_id bigint, job_id bigint, lease bigint)",
            CLAIM,
            language="plpgsql",
        ),
        rls.gateway_function(
            "gateway_orphaned_jobs(most integer)",
            "TABLE (organization_id bigint, job_id bigint, lease bigint)",
            ORPHANS,
        ),
        rls.gateway_function(
            "gateway_due_schedules(most integer)",
            "TABLE (organization_id bigint, schedule_id bigint)",
            DUE_SCHEDULES,
        ),
        rls.gateway_function("gateway_has_due_jobs()", "boolean", HAS_DUE_JOBS),
        rls.gateway_function(
            "gateway_purge_jobs(keep interval, most integer)", "integer", PURGE, language="plpgsql"
        ),
    ]
