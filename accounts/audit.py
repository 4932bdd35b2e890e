"""Who did what: entries are appended inside the transaction of the deed."""

from __future__ import annotations

from accounts import clock
from accounts.models import AuditEntry, Membership, Organization
from accounts.selectors import ORGANIZATION_SUBJECT, SUBJECT


def record(
    code: str, *, person: Membership | None, subject: Membership | Organization, **params: object
) -> None:
    """Append an entry about ``subject``. ``person`` is None when a command did it.

    ``params`` are what the sentence of ``code`` needs (``accounts.sentences``); the name is added here, so
    that the entry still tells what it told when it was written.
    """
    kind, name = (
        (SUBJECT, subject.user.name)
        if isinstance(subject, Membership)
        else (ORGANIZATION_SUBJECT, subject.name)
    )
    AuditEntry.objects.create(
        at=clock.now(),
        person=person,
        subject_kind=kind,
        subject_id=subject.pk,
        code=code,
        params={"name": name, **params},
    )
