"""Celery carries nudges only: the truth about work is in PostgreSQL (see ``jobs``)."""

import os
from typing import Any

import django
from celery import Celery
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured
from django.db import Error

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("entreposto")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["jobs"])


@worker_init.connect
def refuse_privileged_role(**kwargs: Any) -> None:
    """No work before the database role is known to be an ordinary one."""
    django.setup()
    from accounts import checks  # noqa: PLC0415  models are ready only now

    try:
        checks.refuse_privileged_role()
    except (ImproperlyConfigured, Error) as error:
        # Celery logs any other exception of a signal and goes on.
        raise SystemExit(f"The worker does not start: {error}") from error
