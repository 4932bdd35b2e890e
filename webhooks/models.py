"""Notifications of an ERP: the addresses that it posts to, and every post, as it came."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel
from contracts.notifications import NotificationKind
from integrations.models import Integration, SealedModel


class ReceiptState(models.TextChoices):
    """``RECEIVED`` is not read yet, ``WAITING`` waits for what it announced to be read at the ERP."""

    RECEIVED = "received", "Recebida"
    WAITING = "waiting", "Aguardando"
    APPLIED = "applied", "Processada"
    IGNORED = "ignored", "Ignorada"
    REPEATED = "repeated", "Repetida"
    FAILED = "failed", "Falhou"


OPEN_STATES = (ReceiptState.RECEIVED, ReceiptState.WAITING)
# No index of these costs anything while a notification is received.
READ_STATES = (
    ReceiptState.WAITING,
    ReceiptState.APPLIED,
    ReceiptState.IGNORED,
    ReceiptState.REPEATED,
    ReceiptState.FAILED,
)


class WebhookAddress(SealedModel):
    """A key in our address for one integration. It is found by its SHA-256 and shown by decrypting ``key``.

    ``valid_until`` is set when another one takes its place: until then both are good.
    """

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    key_hash = models.CharField(max_length=64, unique=True)
    key = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120, blank=True)
    valid_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration"],
                condition=Q(valid_until=None),
                name="webhooks_address_one_current",
            )
        ]

    def __str__(self) -> str:
        return f"address of integration {self.integration_id}"


class WebhookReceipt(TenantModel):
    """One POST, with the bytes that came. ``accept_webhook`` in SQL writes it; reading fills in the rest.

    ``entity`` is what it is about, such as ``"product:9001"`` or ``"order:77"``: receipts of one entity share
    one reading of it. ``facts`` are what its summary says (strings); ``effect`` is what it changed, a list of
    ``{"label", "before", "after"}``. ``repeats`` is the later receipt whose reading stands for this one.
    ``provisional_at``: since when its stock counted here, before it was confirmed. ``replays`` counts how
    often a person had it processed again. ``answer`` is what its sender was told, where that was more than
    that it arrived.
    """

    # Keys and indexes less are notifications more that are kept in the same time: what is not read yet stands
    # in few of them, and the key of the integration tells of the organization too.
    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    received_at = models.DateTimeField()
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    remote_ip = models.CharField(max_length=45, blank=True)
    # ``accept_webhook`` does not name it.
    answer = models.TextField(default="", db_default="")
    state = models.CharField(max_length=10, choices=ReceiptState, default=ReceiptState.RECEIVED)
    kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.value) for kind in NotificationKind], blank=True
    )
    type_name = models.CharField(max_length=60, blank=True)
    entity = models.CharField(max_length=140, blank=True)
    facts = models.JSONField(default=dict)
    reason_code = models.CharField(max_length=80, blank=True)
    reason_params = models.JSONField(default=dict)
    effect = models.JSONField(default=list)
    repeats = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    attempts = models.IntegerField(default=0)
    replays = models.IntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    provisional_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "integration", "id"],
                condition=Q(state=ReceiptState.RECEIVED),
                name="webhooks_receipt_unread",
            ),
            models.Index(
                fields=["organization", "integration", "entity", "id"],
                condition=Q(state__in=(ReceiptState.WAITING, ReceiptState.FAILED)),
                name="webhooks_receipt_to_follow",
            ),
            models.Index(
                fields=["organization", "integration", "kind", "-id"],
                condition=~Q(kind=""),
                name="webhooks_receipt_kinds",
            ),
            models.Index(
                fields=["organization", "integration", "entity", "-id"],
                condition=~Q(entity=""),
                name="webhooks_receipt_about",
            ),
            models.Index(
                fields=["organization", "repeats"],
                condition=Q(repeats__isnull=False),
                name="webhooks_receipt_repeated",
            ),
            models.Index(
                fields=["organization", "state", "-id"],
                condition=Q(state__in=READ_STATES),
                name="webhooks_receipt_states",
            ),
            # They come in the order of time, so that a page range is enough to find an hour by.
            BrinIndex(fields=["received_at"], autosummarize=True, name="webhooks_receipt_hours"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk} of integration {self.integration_id}"


class NotificationWatch(TenantModel):
    """Whether the ERP still tells what changes, as ``webhooks.canary`` judges from what readings find.

    ``silent`` are the kinds of notification that have stopped, each with the moment of its last one (ISO
    8601). ``silent_since`` is the earliest of them, ``noticed_at`` when the first was noticed and ``missed``
    how many changes went untold by then; while they stand, the ERP is asked more often. ``muted`` are the
    kinds for which a person wants polls alone: null while that lasts, then the moment at which it ended.
    """

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    checked_at = models.DateTimeField(null=True)
    silent = models.JSONField(default=dict)
    muted = models.JSONField(default=dict)
    missed = models.IntegerField(default=0)
    silent_since = models.DateTimeField(null=True)
    noticed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"watch of integration {self.integration_id}"


class WebhookReplayRun(TenantModel):
    """«Reprocessar» of many: receipts of one integration, one after the other, the oldest first.

    ``receipt_ids`` are to be processed again, in that order, of which the ``receipts_done`` first ones are on
    their way. ``receipts_skipped`` that were chosen too needed nothing any more. A run that is cancelled
    leaves those that it did not reach as they are. Of an integration's runs one goes on, since its
    ``started_at``, and the later ones wait for it. Those that one request began have its ``requested_at``.
    """

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    requested_by = models.CharField(max_length=120)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    is_cancelled = models.BooleanField(default=False)
    receipt_ids = models.JSONField(default=list)
    receipts_done = models.IntegerField(default=0)
    receipts_skipped = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "integration", "id"],
                condition=Q(finished_at=None),
                name="webhooks_replay_run_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.receipts_done} of {len(self.receipt_ids)}"


class IngestPulse(models.Model):
    """When web processes last could have accepted a notification; of no company, and one row."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()


class IngestOutage(models.Model):
    """An interval in which notifications were not answered with 200; of no company.

    The ERP repeats what it could not deliver, late and out of order. ``handled_at``: everything that may have
    been told meanwhile is being read again.
    """

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
