"""What happened and why, per subject. Entries are appended and never changed."""

from __future__ import annotations

from django.db import models

from accounts.tenancy import TenantModel


class Source(models.TextChoices):
    ERP = "erp", "Tiny"
    PLATFORM = "platform", "Entreposto"
    PERSON = "person", "Pessoa"


class HistoryEntry(TenantModel):
    """One line of a timeline. The subject is named by kind and id, without a key upward."""

    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    at = models.DateTimeField()
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    source = models.CharField(max_length=10, choices=Source)
    person = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "subject_kind", "subject_id", "-at"], name="history_subject")
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.code}"
