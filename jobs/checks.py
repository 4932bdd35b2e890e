"""A typo in ``JOB_HANDLERS`` fails ``manage.py check`` and not a job at 3 a.m."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.utils.module_loading import import_string


@register()
def handlers_can_be_imported(app_configs: Any, **kwargs: Any) -> list[Error]:
    errors = []
    for kind, path in settings.JOB_HANDLERS.items():
        try:
            problem = "" if callable(import_string(path)) else "it is not callable"
        except ImportError as error:
            problem = str(error)
        if problem:
            errors.append(
                Error(f"JOB_HANDLERS[{kind!r}] = {path!r} cannot be used: {problem}", id="jobs.E001")
            )
    return errors
