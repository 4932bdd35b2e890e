"""The durable queue. Rows are the truth about work; a Celery message is only a nudge to look at them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel


class JobStatus(models.TextChoices):
    PENDING = "pending", "Na fila"
    RUNNING = "running", "Em andamento"
    DONE = "done", "Concluído"
    PARKED = "parked", "Precisa de atenção"


class Outcome(models.TextChoices):
    """How an attempt ended. An attempt without one is running, or died and was not swept yet."""

    DONE = "done", "Concluído"
    FAILED = "failed", "Falhou, vai tentar de novo"
    POSTPONED = "postponed", "Adiado"
    PARKED = "parked", "Precisa de atenção"
    LOST = "lost", "Interrompido"


class Channel(TenantModel):
    """The unit of pause and of fairness, e.g. ``"erp:12"``. ``budget_key`` names the limit that it shares.

    ``breaker_failures`` counts the temporary errors in a row: from the first one the channel runs one job at
    a time, and after a few it rests until ``breaker_until``, when one job is let through as a probe.
    """

    name = models.CharField(max_length=80)
    budget_key = models.CharField(max_length=80, blank=True)
    paused_at = models.DateTimeField(null=True)
    paused_code = models.CharField(max_length=80, blank=True)
    paused_params = models.JSONField(default=dict)
    resumed_at = models.DateTimeField(null=True)
    breaker_failures = models.IntegerField(default=0)
    breaker_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="jobs_channel_once")]


class Turn(TenantModel):
    """A ticket: «look at this channel, not before ``at``». Triggers draw it, a claim takes the oldest one."""

    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="jobs_turn_next"),
            models.Index(fields=["organization", "channel", "at"], name="jobs_turn_of_channel"),
        ]


class Job(TenantModel):
    """One piece of work. Jobs of equal channel, kind and key are the same work, so only one of them waits.

    ``payload`` holds ids only. ``step`` is where the handler goes on after an interruption. ``crashes``
    counts the claims since the handler last reported anything; ``failures`` counts the temporary errors since
    then. ``lease`` is the token of the claim: a write with an older one is refused.
    """

    channel = models.CharField(max_length=80)
    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    lock = models.CharField(max_length=200, null=True)
    priority = models.SmallIntegerField()
    payload = models.JSONField(default=dict)
    step = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.PENDING)
    attempts = models.IntegerField(default=0)
    crashes = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    not_before = models.DateTimeField()
    lease = models.BigIntegerField(null=True)
    lease_until = models.DateTimeField(null=True)
    reason_code = models.CharField(max_length=80, blank=True)
    reason_params = models.JSONField(default=dict)
    reason_key = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    parked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "channel", "kind", "key"],
                condition=Q(status=JobStatus.PENDING),
                name="jobs_job_one_pending",
            ),
            models.UniqueConstraint(
                fields=["organization", "channel", "lock"],
                condition=Q(status=JobStatus.RUNNING),
                name="jobs_job_one_running",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "channel", "priority", "not_before", "id"],
                condition=Q(status=JobStatus.PENDING),
                name="jobs_job_next",
            ),
            models.Index(fields=["not_before"], condition=Q(status=JobStatus.PENDING), name="jobs_job_due"),
            models.Index(
                fields=["lease_until"], condition=Q(status=JobStatus.RUNNING), name="jobs_job_leases"
            ),
            models.Index(
                fields=["finished_at"], condition=Q(status=JobStatus.DONE), name="jobs_job_finished"
            ),
            models.Index(
                fields=["organization", "channel", "kind", "key"],
                condition=Q(status=JobStatus.PARKED),
                name="jobs_job_parked",
            ),
            models.Index(fields=["organization", "channel", "kind", "key"], name="jobs_job_same_work"),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} {self.kind}"


class JobAttempt(TenantModel):
    """One claim of a job and how it ended."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    number = models.IntegerField()
    lease = models.BigIntegerField(unique=True)
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    reason_code = models.CharField(max_length=80, blank=True)
    reason_params = models.JSONField(default=dict)


class Call(TenantModel):
    """One redacted request to an ERP and its answer, kept for a week."""

    channel = models.CharField(max_length=80)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+", db_constraint=False, null=True)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    query = models.TextField(blank=True)
    status = models.IntegerField(null=True)
    duration_ms = models.IntegerField()
    error = models.CharField(max_length=80, blank=True)
    response_excerpt = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "channel", "created_at"], name="jobs_call_of_channel"),
            models.Index(fields=["created_at"], name="jobs_call_age"),
        ]


class Schedule(TenantModel):
    """Work that comes back: every ``every`` a job of this channel, kind and key is enqueued."""

    channel = models.CharField(max_length=80)
    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    lock = models.CharField(max_length=200, null=True)
    priority = models.SmallIntegerField()
    payload = models.JSONField(default=dict)
    every = models.DurationField()
    next_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "channel", "kind", "key"], name="jobs_schedule_once"
            )
        ]
        indexes = [models.Index(fields=["next_at"], name="jobs_schedule_due")]


class Budget(models.Model):
    """The limit of one account at an ERP, shared by all organizations that connected it: no tenant column.

    The row of the account itself spaces all its calls; one more for each kind (``"<key>:read"``) spaces those
    of the kind. ``per_minute`` is what the ERP said that the limit is. Until ``pace_until`` the calls are
    ``pace_seconds`` apart, because somebody else uses the same account. Until ``stopped_until`` the account
    takes no call, not even in a slot that was given out before the ERP said so.
    """

    key = models.CharField(max_length=100, primary_key=True)
    next_slot_at = models.DateTimeField()
    stopped_until = models.DateTimeField(null=True)
    per_minute = models.IntegerField(null=True)
    pace_seconds = models.FloatField(null=True)
    pace_until = models.DateTimeField(null=True)


class Heartbeat(models.Model):
    """When a part of the platform last did its work; of no company, so no tenant column."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
