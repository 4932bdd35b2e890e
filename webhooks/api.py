"""Where an ERP posts its notifications: each one is kept as it came, then answered, then read by a job.

The answers are 200, 404 for an unknown address and 413 for a body that is too large. It is never 429, and 503
only while nothing can be kept: the ERP gives an address up that refuses too often.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from accounts import gateways
from accounts.gateways import ReceiptIds
from contracts.notifications import MappedProduct, NotificationKind
from integrations import registry
from jobs.nudges import nudge
from webhooks import pulse
from webhooks.services import find_refusal
from webhooks.services.addresses import hash_address
from webhooks.services.arrivals import keep_answer

logger = logging.getLogger(__name__)

PREFIX = "/webhooks/"
DATABASE_AWAY = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = "5"
NO_SKU = "Produto sem SKU: preencha o código (SKU) no {erp} e envie de novo."
ACCEPTED = b'{"ok": true}'

# Of the headers enough to see who sent what; each of them is short.
MOST_HEADERS = 40
LONGEST_HEADER = 500
HIDDEN = "•••"
SECRET_HEADERS = frozenset({"Cookie", "Authorization", "Proxy-Authorization"})
_UNPRINTABLE = re.compile(rf"[^\x20-\x7e\xa0-\xff{HIDDEN}]")


class EdgeMiddleware:
    """Notifications go straight to their endpoint: neither session, form, host nor page concerns them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIX):
            return receive(request, address=request.path_info.removeprefix(PREFIX))
        return self.get_response(request)


class Notifications(APIView):
    """The framework's view without what an ERP has no use for: logins, parsers, choice of a format."""

    # Nor is it part of the documented API.
    schema = None
    default_response_headers: Mapping[str, str] = {}

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpRequest:
        return request

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Nobody is asked who he is: he knows the address."""

    def get_exception_handler(self) -> Callable[..., HttpResponse]:
        return answer_failure

    def get(self, request: HttpRequest, address: str) -> HttpResponse:
        """The ERP, or a person, tries whether anybody is there."""
        found = _ask(gateways.webhook_address, hash_address(address.rstrip("/")))
        return answer(200, ACCEPTED) if found else unknown_address()

    head = options = get

    def post(self, request: HttpRequest, address: str) -> HttpResponse:
        body = read_body(request)
        if body is None:
            return answer(413, b'{"error": "too large"}')
        address = address.rstrip("/")
        provider, _, key = address.partition("/")
        if not key:
            return unknown_address()
        receipt = _ask(
            gateways.accept_webhook,
            hash_address(address),
            body,
            read_headers(request.META, key),
            request.META.get("REMOTE_ADDR", "")[:45],
        )
        if receipt is None:
            return unknown_address()
        if receipt.job_id is not None:
            transaction.on_commit(nudge)
        return answer(200, answer_sender(provider, body, receipt))

    # Whatever it is called, it is kept.
    put = patch = delete = trace = http_method_not_allowed = post


receive = Notifications.as_view()


def answer(status: int, body: bytes) -> HttpResponse:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return HttpResponse(body, status=status, headers=headers)


def unknown_address() -> HttpResponse:
    return answer(404, b'{"error": "not found"}')


def answer_failure(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """What could not be kept is asked for again, whatever the reason."""
    if not isinstance(error, DATABASE_AWAY):
        # Only where: what PostgreSQL says of a statement quotes the notification.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("a notification was not accepted: %s\n%s", type(error).__name__, frames)
    pulse.note_refusal()
    response = answer(503, b'{"error": "try again"}')
    response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _ask(gateway: Callable[..., Any], *arguments: Any) -> Any:
    """The answer of a gateway, with a new connection if PostgreSQL was restarted since the former request.

    That it answers is not asked beforehand, which would cost as much as the statement itself; a notification
    that is kept twice because a connection broke in between does no harm.
    """
    if not connection.in_atomic_block:
        connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return gateway(*arguments)
    except DATABASE_AWAY:
        if connection.in_atomic_block:
            raise
        connection.close()
    return gateway(*arguments)


def read_body(request: HttpRequest) -> bytes | None:
    """The bytes as they came, never unpacked; ``None`` if they are more than ``WEBHOOK_MAX_BYTES``."""
    limit = settings.WEBHOOK_MAX_BYTES
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > limit:
        return None
    body = request.read(limit + 1)
    return body if len(body) <= limit else None


def read_headers(meta: Mapping[str, Any], key: str) -> dict[str, str]:
    """The headers of the request, without anything that opens a door."""
    headers: dict[str, str] = {}
    for name, value in meta.items():
        if name.startswith("HTTP_"):
            name = name[5:]
        elif name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            continue
        if not value:
            continue
        if len(headers) == MOST_HEADERS:
            break
        name = name.replace("_", "-").title()
        if name in SECRET_HEADERS:
            headers[name] = HIDDEN
        else:
            headers[_to_text(name)] = _to_text(value.replace(key, HIDDEN))
    return headers


def _to_text(header: str) -> str:
    header = header[:LONGEST_HEADER]
    return header if header.isascii() and header.isprintable() else _UNPRINTABLE.sub("?", header)


def answer_sender(provider_key: str, body: bytes, receipt: ReceiptIds) -> bytes:
    """What the sender wants to hear. Only one kind of notification waits for more than that it arrived."""
    provider = registry.get_provider(provider_key)
    if not provider.answer_mark.search(body):
        return ACCEPTED
    reply = ACCEPTED
    try:
        notification = provider.read_notification(body)
        if notification.kind == NotificationKind.PRODUCT and not find_refusal(receipt, notification):
            error = NO_SKU.format(erp=provider.short_name)
            reply = provider.answer_notification(
                [
                    MappedProduct(product.mapping_id, product.sku, "" if product.sku else error)
                    for product in notification.products
                ]
            )
            keep_answer(receipt=receipt, answer=reply)
    except Exception as failure:
        # It is kept, and the job that reads it says what is wrong with it.
        logger.warning("a notification was kept, its answer was not: %s", type(failure).__name__)
    return reply
