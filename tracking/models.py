"""Parcels on their way to a buyer: which carrier has each, and what it told of it."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel
from contracts.tracking import ParcelState
from integrations.models import SealedModel

STATES = [(state.value, state.value) for state in ParcelState]


class EndReason(models.TextChoices):
    """Why a parcel is no longer followed."""

    ARRIVED = "arrived", "Chegou ao fim"
    EXPIRED = "expired", "Sem notícias há muito tempo"
    CODE_REPLACED = "code_replaced", "O código foi trocado"
    ORDER_CANCELLED = "order_cancelled", "O pedido foi cancelado"


class EventSource(models.TextChoices):
    CARRIER = "carrier", "Transportadora"
    ERP = "erp", "Tiny"


class Parcel(SealedModel):
    """One volume that is followed, whoever carries it.

    ``carrier_key`` is one of ``tracking.carriers``, ``""`` while nobody knows; ``identified_by`` with its
    params is why, as a code of ``tracking.sentences``. ``type_code`` to ``url`` are the clues as they came;
    ``nfe_key`` tells who bought what, and is never shown or logged whole. ``tracker`` is the plug-in that
    asks for it, ``""`` where none does; then ``takes_word``: its state is what the ERP says.

    It is followed since ``since_at`` until ``ended_at``, and asked for again at ``next_ask_at``; null: nobody
    asks by himself. What happened before ``counts_from`` is another parcel's of the same code.
    ``failing_code`` is what went wrong with it the last time. ``first`` is the parcel whose code was
    replaced, maybe through others, by this one's. ``key`` opens its page to the buyer: sealed, and found by
    its SHA-256.
    """

    carrier_key = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=80, blank=True)
    confidence = models.CharField(max_length=10, blank=True)
    identified_by = models.CharField(max_length=60, blank=True)
    identified_params = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    type_code = models.TextField(blank=True)
    carrier_name = models.TextField(blank=True)
    shipping_method = models.TextField(blank=True)
    freight_method = models.TextField(blank=True)
    code = models.CharField(max_length=100, blank=True)
    url = models.TextField(blank=True)
    nfe_key = models.CharField(max_length=44, blank=True)
    tracker = models.CharField(max_length=20, blank=True)
    takes_word = models.BooleanField(default=False)
    state = models.CharField(max_length=24, choices=STATES, default=ParcelState.PENDING.value)
    substate = models.CharField(max_length=40, blank=True)
    state_at = models.DateTimeField(null=True)
    last_text = models.TextField(blank=True)
    last_place = models.TextField(blank=True)
    last_event_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    expected_on = models.DateField(null=True)
    since_at = models.DateTimeField()
    counts_from = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, choices=EndReason, blank=True)
    next_ask_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    failing_code = models.CharField(max_length=80, blank=True)
    failing_params = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    first = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    key_hash = models.CharField(max_length=64, unique=True)
    key = models.TextField()

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "tracker", "next_ask_at", "id"],
                condition=Q(next_ask_at__isnull=False),
                name="tracking_parcel_due",
            ),
            models.Index(fields=["organization", "state", "-id"], name="tracking_parcel_states"),
            models.Index(
                fields=["organization", "last_event_at"],
                condition=Q(ended_at=None),
                name="tracking_parcel_quiet",
            ),
            models.Index(
                fields=["organization", "expected_on"],
                condition=Q(ended_at=None),
                name="tracking_parcel_expected",
            ),
            models.Index(
                fields=["organization", "carrier_key", "id"],
                condition=Q(ended_at=None),
                name="tracking_parcel_carriers",
            ),
            models.Index(fields=["organization", "code"], name="tracking_parcel_codes"),
        ]

    def __str__(self) -> str:
        return self.code or f"parcel {self.pk}"

    @property
    def is_followed(self) -> bool:
        return self.ended_at is None


class ParcelEvent(TenantModel):
    """Something that was told of a parcel, kept once by the ``identity`` of a ``TrackedEvent``."""

    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="events", db_constraint=False)
    identity = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    state = models.CharField(max_length=24, choices=STATES)
    substate = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    place = models.TextField(blank=True)
    is_retraction = models.BooleanField(default=False)
    raw = models.JSONField(default=dict)
    source = models.CharField(max_length=10, choices=EventSource, default=EventSource.CARRIER)
    learnt_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "parcel", "identity"], name="tracking_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class MappingKind(models.TextChoices):
    """Which of the clues a line of the de-para is about."""

    SHIPPING_METHOD = "shipping_method", "Forma de envio"
    FREIGHT_METHOD = "freight_method", "Forma de frete"
    CARRIER_NAME = "carrier_name", "Transportador"


class CarrierMapping(TenantModel):
    """A line of the company's de-para: parcels with this text are of this carrier.

    ``text`` is normalised by ``tracking.identification.normalize_text``, ``label`` is how a person saw it.
    """

    kind = models.CharField(max_length=20, choices=MappingKind)
    text = models.TextField()
    label = models.TextField()
    carrier_key = models.CharField(max_length=40)
    service = models.CharField(max_length=80, blank=True)
    made_by = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "text"], name="tracking_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.label} → {self.carrier_key}"


class AccountState(models.TextChoices):
    """``FAILING``: the carrier refuses the credentials, and nobody is asked until a person corrects them."""

    OK = "ok", "Em uso"
    FAILING = "failing", "Recusado pela transportadora"
    DISCONNECTED = "disconnected", "Desconectado"


class CarrierAccount(SealedModel):
    """A company's contract with a carrier: what it signs in with, sealed, for one tracker.

    ``credentials`` is JSON by ``CredentialField.name``; ``token`` is the access that the carrier gave for
    them. ``budget_key`` names the credentials, alike in every company that uses them, and tells nothing of
    them. ``check_steps`` is the last «Testar», asked for at ``check_asked_at``, and over at ``checked_at``.
    """

    tracker = models.CharField(max_length=20)
    credentials = models.TextField(blank=True)
    budget_key = models.CharField(max_length=64, blank=True)
    token = models.TextField(blank=True)
    token_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=AccountState, default=AccountState.OK)
    failing_code = models.CharField(max_length=80, blank=True)
    failing_params = models.JSONField(default=dict)
    failing_since = models.DateTimeField(null=True)
    check_asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_steps = models.JSONField(default=list)
    saved_by = models.CharField(max_length=120, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "tracker"], name="tracking_account_once")
        ]

    def __str__(self) -> str:
        return f"account at {self.tracker}"


def hash_key(key: str) -> str:
    """How a buyer's key is found."""
    return hashlib.sha256(key.encode()).hexdigest()
