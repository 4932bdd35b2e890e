"""A typo in the wiring of the trackers fails ``manage.py check``, not a job at 3 a.m."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from integrations.checks import is_public
from tracking import carriers, registry


@register()
def trackers_exist(app_configs: Any, **kwargs: Any) -> list[Error]:
    errors = []
    for key, path in settings.TRACKERS.items():
        try:
            tracker = registry.get_tracker(key)
        except (ImportError, AttributeError) as error:
            errors.append(Error(f"TRACKERS[{key!r}] = {path!r}: {error}", id="tracking.E001"))
            continue
        if tracker.key != key or key not in settings.TRACKER_URLS:
            errors.append(Error(f"TRACKERS[{key!r}]: key or address differ", id="tracking.E002"))
        errors += [
            Error(f"TRACKERS[{key!r}] asks for {name!r}, which is no carrier", id="tracking.E003")
            for name in tracker.carrier_keys
            if carriers.find_carrier(name) is None
        ]
    return errors


@register()
def carriers_are_real(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A simulator invents deliveries: in production nobody may take it for a carrier by mistake."""
    if settings.DEBUG or settings.ALLOW_SIMULATOR:
        return []
    return [
        Error(
            f"The address {url} of the tracker {key!r} is none of the internet's: "
            "outside DEBUG it must begin with https:// and name a public host.",
            hint="ALLOW_SIMULATOR=1 allows a simulator.",
            id="tracking.E004",
        )
        for key, url in settings.TRACKER_URLS.items()
        if not is_public(url)
    ]
