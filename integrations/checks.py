"""A typo in the wiring fails ``manage.py check``, not a job at 3 a.m."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

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


@register()
def erps_are_real(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A simulator invents orders: in production nobody may take it for the ERP by mistake."""
    if settings.DEBUG or settings.ALLOW_SIMULATOR:
        return []
    return [
        Error(
            f"The address {url} of the ERP {key!r} is none of the internet's: "
            "outside DEBUG it must begin with https:// and name a public host.",
            hint="ALLOW_SIMULATOR=1 allows a simulator.",
            id="integrations.E004",
        )
        for key, endpoints in settings.ERP_ENDPOINTS.items()
        for url in endpoints.values()
        if not is_public(url)
    ]


def is_public(url: str) -> bool:
    """Whether it is https on the internet, as far as the address itself tells."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_public_host = ipaddress.ip_address(host).is_global
    except ValueError:
        is_public_host = "." in host and not host.endswith((".localhost", ".local", ".internal"))
    return parts.scheme == "https" and is_public_host
