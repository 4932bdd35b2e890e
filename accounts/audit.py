"""Who did what: entries are appended inside the transaction of the deed."""

from __future__ import annotations

from accounts import clock
from accounts.models import AuditEntry, Membership
from accounts.selectors import SUBJECT


def record(code: str, *, person: Membership | None, subject: Membership, **params: object) -> None:
    """Append an entry about ``subject``. ``person`` is None when a command did it.

    ``params`` are what the sentence of ``code`` needs (``accounts.sentences``); the name is added here, so
    that the entry still tells what it told when it was written.
    """
    AuditEntry.objects.create(
        at=clock.now(),
        person=person,
        subject_kind=SUBJECT,
        subject_id=subject.pk,
        code=code,
        params={"name": subject.user.name, **params},
    )
