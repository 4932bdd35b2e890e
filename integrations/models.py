"""Connections to ERPs, their secrets, and how far each has been read."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel, adopt
from integrations import encryption


class IntegrationState(models.TextChoices):
    DRAFT = "draft", "Rascunho"
    CONNECTED = "connected", "Conectado"
    DISCONNECTED = "disconnected", "Desconectado"


class Integration(TenantModel):
    """One account of an ERP, connected to one organization.

    ``protocol`` is the way in which it talks to the ERP; ``proven_protocol`` the one in which the ERP's
    identifiers that we keep are known to be right. ``author`` is the user of perfil Integração in whose name
    it writes. ``account_document`` is the CNPJ that the ERP told, the identity of the account; empty until
    then. ``send_statuses`` are the statuses of ours in which an order goes to the ERP. ``sends_seller``: with
    its salesperson; one whom the ERP does not know stops the order, unless ``seller_is_optional``.
    """

    provider = models.CharField(max_length=20)
    protocol = models.CharField(max_length=20)
    proven_protocol = models.CharField(max_length=20, blank=True)
    name = models.CharField("Nome da integração", max_length=80)
    state = models.CharField(max_length=12, choices=IntegrationState, default=IntegrationState.DRAFT)
    author = models.ForeignKey(
        "accounts.Membership", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    account_document = models.CharField(max_length=14, blank=True)
    account_name = models.CharField(max_length=160, blank=True)
    send_statuses = models.JSONField(default=list)
    sends_seller = models.BooleanField(default=False)
    seller_is_optional = models.BooleanField(default=False)
    connected_at = models.DateTimeField(null=True)
    disconnected_at = models.DateTimeField(null=True)
    disconnect_code = models.CharField(max_length=60, blank=True)
    disconnect_params = models.JSONField(default=dict)
    last_polled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="integrations_name_once"),
            models.UniqueConstraint(
                fields=["organization", "provider", "account_document"],
                condition=~Q(account_document=""),
                name="integrations_account_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stops_for_seller(self) -> bool:
        """Whether an order waits whose salesperson the ERP does not know."""
        return self.sends_seller and not self.seller_is_optional

    @property
    def channel(self) -> str:
        """The jobs' channel of this account: paused and served as one."""
        return f"erp:{self.pk}"

    @property
    def budget_key(self) -> str:
        """The account's call budget, shared by every organization that connects the same account."""
        identity = self.account_document or f"integration {self.pk}"
        return hashlib.sha256(f"{self.provider}:{identity}".encode()).hexdigest()


class SealedModel(TenantModel):
    """A row with encrypted columns, read and written by ``get_secret`` and ``set_secret`` only."""

    class Meta:
        abstract = True

    def get_secret(self, field: str) -> str:
        return encryption.decrypt(getattr(self, field), organization_id=self.organization_id, field=field)

    def set_secret(self, field: str, plain: str) -> None:
        adopt(self)
        setattr(self, field, encryption.encrypt(plain, organization_id=self.organization_id, field=field))


class Credential(SealedModel):
    """The secrets of an integration, for each protocol those that it asks for.

    ``renewal_started_at`` stands from before the call to the token endpoint until its answer is stored: found
    standing, the former call was cut off and its answer may be lost. ``lost_grants`` counts those that were.
    """

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, related_name="credential", db_constraint=False
    )
    client_id = models.CharField(max_length=200, blank=True)
    client_secret = models.TextField(blank=True)
    secret_tail = models.CharField(max_length=4, blank=True)
    invite_url = models.URLField(max_length=500, blank=True)
    integrator_id = models.CharField(max_length=20, blank=True)
    token = models.TextField(blank=True)
    token_tail = models.CharField(max_length=4, blank=True)
    access_token = models.TextField(blank=True)
    refresh_token = models.TextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    renewed_at = models.DateTimeField(null=True)
    renewal_started_at = models.DateTimeField(null=True)
    lost_grants = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"credential of integration {self.integration_id}"


class OAuthState(SealedModel):
    """An authorisation that a person began: single use, bound to that person and integration."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    membership = models.ForeignKey(
        "accounts.Membership", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    nonce_hash = models.CharField(max_length=64, unique=True)
    code_verifier = models.TextField()
    redirect_uri = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"authorisation of integration {self.integration_id}"


class ConnectionTest(TenantModel):
    """A press of «Testar» and what it found, step by step. ``steps`` are ``CheckStep`` as dictionaries."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    membership = models.ForeignKey(
        "accounts.Membership", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    requested_by = models.CharField(max_length=120, blank=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    steps = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "integration", "-requested_at"], name="integrations_tests")
        ]

    def __str__(self) -> str:
        return f"test of integration {self.integration_id}"


class Cursor(TenantModel):
    """How far something of an integration has been read."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    name = models.CharField(max_length=30)
    value = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "name"], name="integrations_cursor_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of integration {self.integration_id}"
