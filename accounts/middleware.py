"""A strict Content-Security-Policy: everything that a page uses is a file of ours."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def origins_of_authorization() -> str:
    """Chromium applies ``form-action`` to redirects too, and «Conectar» ends at the ERP's consent page."""
    parts = [urlsplit(endpoints["accounts"]) for endpoints in settings.ERP_ENDPOINTS.values()]
    return " ".join(sorted({f"{part.scheme}://{part.netloc}" for part in parts}))


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = (
            "default-src 'self'; object-src 'none'; base-uri 'self'; "
            f"frame-ancestors 'none'; form-action 'self' {origins_of_authorization()}"
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.policy)
        return response
