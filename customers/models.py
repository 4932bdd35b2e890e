"""Buyers, one per document and organization."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.http import int_to_base36

from accounts.tenancy import TenantModel
from integrations.references import ErpReference


class CustomerKind(models.TextChoices):
    PERSON = "PF", "Pessoa Física"
    COMPANY = "PJ", "Pessoa Jurídica"


class CustomerCounter(TenantModel):
    """The organization's own sequence of revisions of customers.

    Whoever writes a customer holds this row until the end of the transaction, so that revisions become
    visible in their order and a reader who asks «since» passes nobody over.
    """

    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="customers_counter_once")]

    def __str__(self) -> str:
        return str(self.last)


class Customer(TenantModel):
    """``document`` is a valid CPF or CNPJ without punctuation, or empty; ``document_text`` is what came.

    Addresses are dictionaries with the fields of ``contracts.records.ErpAddress``. ``changed_here`` names the
    fields that were changed here and are not at the ERP yet; ``changed_here_at`` stands while they wait to be
    written, and not where the criteria hold them back. ``is_forced``: a person wants him sent whatever the
    criteria say. ``attempted_at``: when the last call began that may have made him at an ERP, unless it was
    refused. ``revision`` is the number of the organization's counter at the last change.
    """

    name = models.TextField(blank=True)
    kind = models.CharField(max_length=2, choices=CustomerKind, blank=True)
    document = models.CharField(max_length=14, blank=True)
    document_text = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    address = models.JSONField(default=dict)
    changed_here_at = models.DateTimeField(null=True)
    changed_here = models.JSONField(default=list)
    is_forced = models.BooleanField(default=False)
    attempted_at = models.DateTimeField(null=True)
    revision = models.BigIntegerField(default=0)
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
        indexes = [models.Index(fields=["organization", "revision"], name="customers_by_revision")]

    def __str__(self) -> str:
        return self.name

    @property
    def erp_code(self) -> str:
        """The code by which one without document is found again at the ERP: ``C2N9C``."""
        return f"C{int_to_base36(self.pk).upper()}"

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


class CustomerCriteria(TenantModel):
    """``customers.criteria.Criteria`` of an integration; without a row its defaults hold."""

    integration = models.OneToOneField(
        "integrations.Integration", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    sends_companies = models.BooleanField(default=True)
    sends_people = models.BooleanField(default=True)
    needs_valid_email = models.BooleanField(default=False)
    only_updates = models.BooleanField(default=False)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sends_companies=True) | Q(sends_people=True), name="customers_criteria_some_kind"
            )
        ]

    def __str__(self) -> str:
        return f"criteria of integration {self.integration_id}"
