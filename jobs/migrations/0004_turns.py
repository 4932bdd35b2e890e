import django.db.models.deletion
from django.db import migrations, models

from accounts import rls

# A turn is a ticket that says «look at this channel, not before then». Whoever writes a job that may run, or
# frees one that waited, draws one; the claim takes the oldest, so a channel with a backlog comes once a round
# and a claim costs the same whatever the number of channels. A ticket too many is only a look for nothing,
# hence no uniqueness: tickets of concurrent transactions never wait for one another. One that this same
# transaction drew already is enough, because nobody can have used it yet.
CALL_TURN = """
-- These tables grow from nothing to thousands of rows within one transaction, which a plan made at the start
-- does not foresee: hence no sequential scan, and a time that only the index by channel can serve.
CREATE FUNCTION jobs_call_turn(tenant bigint, name_of_channel text, due timestamptz) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp SET enable_seqscan = off AS $turn$
    INSERT INTO jobs_turn (organization_id, channel_id, at)
    SELECT c.organization_id, c.id, greatest(due, clock_now()) FROM jobs_channel c
    WHERE c.organization_id = tenant AND c.name = name_of_channel
      AND NOT EXISTS (
          SELECT FROM jobs_turn t WHERE t.organization_id = c.organization_id AND t.channel_id = c.id
             AND t.at - greatest(due, clock_now()) <= interval '0' AND t.xmin = pg_current_xact_id()::xid)
$turn$;

CREATE FUNCTION jobs_job_calls_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $turn$
BEGIN
    IF NEW.status = 'pending'
        AND (TG_OP = 'INSERT' OR OLD.status <> 'pending' OR NEW.not_before < OLD.not_before) THEN
        PERFORM jobs_call_turn(NEW.organization_id, NEW.channel, NEW.not_before);
    END IF;
    -- Its lock, or the channel that runs one job at a time, is free for those that wait.
    IF TG_OP = 'UPDATE' AND OLD.status = 'running' AND NEW.status <> 'running' AND EXISTS (
        SELECT FROM jobs_job j
        WHERE j.organization_id = NEW.organization_id AND j.channel = NEW.channel AND j.status = 'pending'
          AND j.id <> NEW.id) THEN
        PERFORM jobs_call_turn(NEW.organization_id, NEW.channel, clock_now());
    END IF;
    RETURN NULL;
END
$turn$;

CREATE FUNCTION jobs_channel_calls_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $turn$
BEGIN
    PERFORM jobs_call_turn(NEW.organization_id, NEW.name, clock_now());
    RETURN NULL;
END
$turn$;

-- Whoever writes a job draws its ticket: no privilege beyond the tables' own.
GRANT EXECUTE ON FUNCTION jobs_call_turn(bigint, text, timestamptz) TO {app}, {gateway};

CREATE TRIGGER jobs_job_calls_turn AFTER INSERT OR UPDATE OF status, not_before ON jobs_job
    FOR EACH ROW EXECUTE FUNCTION jobs_job_calls_turn();
CREATE TRIGGER jobs_channel_calls_turn AFTER UPDATE OF paused_at, breaker_failures ON jobs_channel
    FOR EACH ROW WHEN (OLD.paused_at IS NOT NULL AND NEW.paused_at IS NULL
        OR OLD.breaker_failures > 0 AND NEW.breaker_failures = 0)
    EXECUTE FUNCTION jobs_channel_calls_turn();

INSERT INTO jobs_turn (organization_id, channel_id, at)
    SELECT j.organization_id, c.id, j.not_before FROM jobs_job j
    JOIN jobs_channel c ON c.organization_id = j.organization_id AND c.name = j.channel
    WHERE j.status = 'pending';
"""

# One claim at a time, so that the turns and the locks are exact. Every ticket that is looked at is used up
# or put off, so the loop ends; what must be looked at again later has, or is given, a later ticket. It waits
# for no row that somebody else writes right now.
CLAIM = """
DECLARE
    moment timestamptz;
    turn record;
    station record;
    ready_at timestamptz;
    chosen bigint;
    token bigint;
    try_number integer;
BEGIN
    PERFORM pg_advisory_xact_lock(7260010);
    moment := clock_now();
    LOOP
        SELECT t.organization_id AS tenant, t.channel_id INTO turn FROM jobs_turn t
        WHERE t.at <= moment ORDER BY t.at, t.id LIMIT 1;
        EXIT WHEN NOT FOUND;
        DELETE FROM jobs_turn t WHERE t.organization_id = turn.tenant AND t.channel_id = turn.channel_id
            AND t.at <= moment;

        SELECT c.name, c.paused_at, c.breaker_failures, c.breaker_until, c.budget_key INTO station
        FROM jobs_channel c WHERE c.id = turn.channel_id FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            INSERT INTO jobs_turn (organization_id, channel_id, at)
                VALUES (turn.tenant, turn.channel_id, moment + interval '200 ms');
            CONTINUE;
        END IF;
        CONTINUE WHEN station.paused_at IS NOT NULL;

        SELECT max(b.next_slot_at) - wait_seconds * interval '1 second' INTO ready_at FROM jobs_budget b
        WHERE station.budget_key <> '' AND b.key IN (station.budget_key, station.budget_key || ':read');
        ready_at := greatest(ready_at, station.breaker_until);
        IF ready_at > moment THEN
            INSERT INTO jobs_turn (organization_id, channel_id, at)
                VALUES (turn.tenant, turn.channel_id, ready_at);
            CONTINUE;
        END IF;
        -- A channel that fails holds one worker at most, and the one job is the probe.
        CONTINUE WHEN station.breaker_failures > 0 AND EXISTS (
            SELECT FROM jobs_job r WHERE r.organization_id = turn.tenant AND r.channel = station.name
               AND r.status = 'running');

        SELECT j.id INTO chosen FROM jobs_job j
        WHERE j.organization_id = turn.tenant AND j.channel = station.name
          AND j.status = 'pending' AND j.not_before <= moment
          AND (j.lock IS NULL OR NOT EXISTS (
              SELECT FROM jobs_job r WHERE r.organization_id = j.organization_id AND r.channel = j.channel
                 AND r.lock = j.lock AND r.status = 'running'))
        ORDER BY j.priority, j.not_before, j.id
        LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            INSERT INTO jobs_turn (organization_id, channel_id, at)
            SELECT turn.tenant, turn.channel_id, moment + interval '200 ms'
            WHERE EXISTS (
                SELECT FROM jobs_job j
                WHERE j.organization_id = turn.tenant AND j.channel = station.name
                  AND j.status = 'pending' AND j.not_before <= moment
                  AND (j.lock IS NULL OR NOT EXISTS (
                      SELECT FROM jobs_job r
                      WHERE r.organization_id = j.organization_id AND r.channel = j.channel
                        AND r.lock = j.lock AND r.status = 'running')));
            CONTINUE;
        END IF;

        -- Ordered as the index is, or the planner may walk the whole table.
        INSERT INTO jobs_turn (organization_id, channel_id, at)
        SELECT turn.tenant, turn.channel_id, moment FROM jobs_job j
        WHERE j.organization_id = turn.tenant AND j.channel = station.name
          AND j.status = 'pending' AND j.not_before <= moment AND j.id <> chosen
        ORDER BY j.priority, j.not_before, j.id LIMIT 1;
        token := nextval('jobs_lease_seq');
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

SECONDS_TO_NEXT_TURN = """
    SELECT extract(epoch FROM t.at - clock_now())::double precision FROM jobs_turn t
    ORDER BY t.at, t.id LIMIT 1
"""

# A net below the tickets: work that has been due for long on a channel that nobody is to look at.
CALL_MISSED_TURNS = """
    WITH missed AS (
        INSERT INTO jobs_turn (organization_id, channel_id, at)
        SELECT c.organization_id, c.id, clock_now() FROM jobs_channel c
        JOIN (SELECT DISTINCT j.organization_id, j.channel FROM jobs_job j
              WHERE j.status = 'pending' AND j.not_before < clock_now() - late) waiting
          ON waiting.organization_id = c.organization_id AND waiting.channel = c.name
        WHERE c.paused_at IS NULL AND NOT EXISTS (
            SELECT FROM jobs_turn t WHERE t.organization_id = c.organization_id AND t.channel_id = c.id
               AND t.at <= clock_now() + late)
        RETURNING 1)
    SELECT count(*)::integer FROM missed
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_heartbeat")]

    operations = [
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="jobs.channel",
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at", "id"], name="jobs_turn_next"),
                    models.Index(fields=["organization", "channel", "at"], name="jobs_turn_of_channel"),
                ],
            },
        ),
        migrations.RemoveField("channel", "last_served_at"),
        migrations.AddField("channel", "breaker_failures", models.IntegerField(default=0)),
        migrations.AddField("channel", "breaker_until", models.DateTimeField(null=True)),
        migrations.AlterField(
            "budget", "key", models.CharField(max_length=100, primary_key=True, serialize=False)
        ),
        migrations.AddField("budget", "per_minute", models.IntegerField(null=True)),
        migrations.AddField("budget", "pace_seconds", models.FloatField(null=True)),
        migrations.AddField("budget", "pace_until", models.DateTimeField(null=True)),
        rls.tenant_table("jobs_turn"),
        rls.tenant_foreign_key("jobs_turn", "channel_id", "jobs_channel"),
        rls.gateway_access("jobs_turn", "SELECT, INSERT, UPDATE, DELETE"),
        migrations.RunSQL(CALL_TURN.format(app=rls.APP, gateway=rls.GATEWAY), migrations.RunSQL.noop),
        migrations.RunSQL(
            """
            DROP FUNCTION gateway_claim_job(text, double precision, double precision);
            DROP FUNCTION gateway_has_due_jobs();
            """,
            migrations.RunSQL.noop,
        ),
        rls.gateway_function(
            "gateway_claim_job(worker text, lease_seconds double precision, wait_seconds double precision)",
            "TABLE (organization_id bigint, job_id bigint, lease bigint)",
            CLAIM,
            language="plpgsql",
        ),
        rls.gateway_function("gateway_seconds_to_next_turn()", "double precision", SECONDS_TO_NEXT_TURN),
        rls.gateway_function("gateway_call_missed_turns(late interval)", "integer", CALL_MISSED_TURNS),
    ]
