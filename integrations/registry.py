"""ERP plug-ins by key. The only place, with the settings, where one is found by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from contracts.provider import Endpoints, ErpProtocol, Provider
from contracts.records import Explanation
from integrations.sentences import FAILURES
from jobs import reasons


@cache
def get_provider(key: str) -> Provider:
    """Raises ``KeyError`` for an ERP that is not installed."""
    return cast(Provider, import_string(settings.ERP_PROVIDERS[key])())


def list_providers() -> list[Provider]:
    return [get_provider(key) for key in settings.ERP_PROVIDERS]


def get_protocol(provider_key: str, protocol: str) -> ErpProtocol:
    """Raises ``KeyError`` for one that the ERP does not have."""
    return {each.key: each for each in get_provider(provider_key).protocols}[protocol]


def get_endpoints(provider_key: str, protocol: str) -> Endpoints:
    addresses = settings.ERP_ENDPOINTS[provider_key]
    return Endpoints(api_url=addresses[protocol], accounts_url=addresses["accounts"])


def explain(code: str, params: Mapping[str, str], provider_key: str = "") -> Explanation:
    """What the panel says about ``code``: the provider's sentence, else ours."""
    prefix = code.partition(".")[0]
    for key in (prefix, provider_key):
        if key in settings.ERP_PROVIDERS:
            explanation = get_provider(key).explain(code, params)
            if explanation is not None:
                return explanation
    if code in FAILURES:
        template = FAILURES[code]
        filled = defaultdict(str, params)
        return replace(
            template, title=template.title.format_map(filled), detail=template.detail.format_map(filled)
        )
    return reasons.explain(code, params)
