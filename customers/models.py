"""Buyers, one per document and organization."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel
from integrations.references import ErpReference


class CustomerKind(models.TextChoices):
    PERSON = "PF", "Pessoa Física"
    COMPANY = "PJ", "Pessoa Jurídica"


class Customer(TenantModel):
    """``document`` is a valid CPF or CNPJ without punctuation, or empty; ``document_text`` is what came.

    Addresses are dictionaries with the fields of ``contracts.records.ErpAddress``.
    """

    name = models.TextField(blank=True)
    kind = models.CharField(max_length=2, choices=CustomerKind, blank=True)
    document = models.CharField(max_length=14, blank=True)
    document_text = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    address = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "document"],
                condition=~Q(document=""),
                name="customers_document_once",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def city(self) -> str:
        return str(self.address.get("city", ""))

    @property
    def state(self) -> str:
        return str(self.address.get("state", ""))


class CustomerReference(ErpReference):
    """The contact of an ERP that is this customer. A customer may be several contacts there."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="references", db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "external_id"], name="customers_reference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id} at integration {self.integration_id}"
