"""A typo in the wiring fails ``manage.py check``, not a job at 3 a.m."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from integrations import encryption, registry


@register()
def providers_exist(app_configs: Any, **kwargs: Any) -> list[Error]:
    errors = []
    for key, path in settings.ERP_PROVIDERS.items():
        try:
            provider = registry.get_provider(key)
        except (ImportError, AttributeError) as error:
            errors.append(Error(f"ERP_PROVIDERS[{key!r}] = {path!r}: {error}", id="integrations.E001"))
            continue
        if provider.key != key or key not in settings.ERP_ENDPOINTS:
            errors.append(Error(f"ERP_PROVIDERS[{key!r}]: key or endpoints differ", id="integrations.E002"))
    return errors


@register()
def keys_are_usable(app_configs: Any, **kwargs: Any) -> list[Error]:
    try:
        encryption.load_keys()
    except ValueError as error:
        return [Error(f"CREDENTIAL_KEYS: {error}", id="integrations.E003")]
    return []
