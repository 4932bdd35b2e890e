"""The shape of every reference between a row of ours and one at an ERP."""

from __future__ import annotations

from django.db import models

from accounts.tenancy import TenantModel


class ErpReference(TenantModel):
    """Concrete references add their own row's key and both unique constraints (each side once)."""

    integration = models.ForeignKey(
        "integrations.Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    external_id = models.CharField(max_length=60)

    class Meta:
        abstract = True
