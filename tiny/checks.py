"""«Testar» for API v3: address and certificate, access, permissions, limit, clock.

Read only and seven calls at most. Each step says what was found, in the words of the panel.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from contracts.errors import ErpError, PermissionMissing
from contracts.http import HttpClient
from contracts.provider import Endpoints, ProviderContext, SlotKind
from contracts.records import CallRecord, CheckState, CheckStep, InvoiceQuery, OrderQuery
from tiny import error_messages
from tiny.v3 import mappers
from tiny.v3.client import TinyV3Client

CHECKS: Sequence[tuple[str, str]] = (
    ("address", "Endereço e certificado"),
    ("access", "Autenticação"),
    ("permissions", "Permissões"),
    ("limit", "Limite do plano"),
    ("clock", "Relógio"),
)
TITLES = dict(CHECKS)
PROBE_DEADLINE_SECONDS = 5.0
BUSY_SHARE = 0.8
CLOCK_WARNING_SECONDS = 30
CLOCK_FAILURE_SECONDS = 300


class _Listening:
    """The given context, remembering the newest answer's headers."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self.http: HttpClient = context.http
        self.endpoints: Endpoints = context.endpoints
        self.headers: Mapping[str, str] = {}

    def access_token(self, *, force: bool = False) -> str:
        return self._context.access_token(force=force)

    def take_slot(self, kind: SlotKind) -> None:
        self._context.take_slot(kind)

    def observe(self, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._context.observe(headers)

    def log_call(self, call: CallRecord) -> None:
        self._context.log_call(call)

    def now(self) -> dt.datetime:
        return self._context.now()


def check_connection(context: ProviderContext, *, account_document: str) -> Iterator[CheckStep]:
    """The steps of ``CHECKS`` in order, up to and including the first fatal one."""
    listening = _Listening(context)
    client = TinyV3Client(listening)
    steps: Sequence[Callable[[], CheckStep]] = (
        lambda: _check_address(listening),
        lambda: _check_access(client, account_document),
        lambda: _check_permissions(client),
        lambda: _check_limit(listening.headers),
        lambda: _check_clock(listening.headers, context.now()),
    )
    for (key, title), look in zip(CHECKS, steps, strict=True):
        started = time.monotonic()
        try:
            step = look()
        except ErpError as error:
            step = _failed(key, title, error)
        yield replace(step, duration_ms=int((time.monotonic() - started) * 1000))
        if step.is_fatal:
            return


def _failed(key: str, title: str, error: ErpError) -> CheckStep:
    explanation = error_messages.explain(error.code, error.params)
    if explanation is None:
        return CheckStep(key, title, CheckState.FAILURE, error.code, is_fatal=True)
    return CheckStep(
        key,
        title,
        CheckState.FAILURE,
        f"{explanation.title}.",
        remedy=explanation.detail,
        action=explanation.action,
        is_fatal=True,
    )


def _step(key: str, state: CheckState, detail: str, remedy: str = "", action: str = "") -> CheckStep:
    return CheckStep(key, TITLES[key], state, detail, remedy, action)


def _check_address(context: _Listening) -> CheckStep:
    """Any answer at all, even a refusal, says that the host and its certificate are good."""
    parts = urlsplit(context.endpoints.api_url)
    response = context.http.request(
        "GET", context.endpoints.api_url.rstrip("/") + "/info", deadline=PROBE_DEADLINE_SECONDS
    )
    context.headers = response.headers
    how = "com conexão segura" if parts.scheme == "https" else "sem conexão segura, como o simulador"
    return _step("address", CheckState.OK, f"{parts.hostname} respondeu {how}.")


def _check_access(client: TinyV3Client, account_document: str) -> CheckStep:
    account = mappers.to_erp_account(client.get_info())
    found = f"Acesso aceito. Conta {account.name}, {_punctuate(account.document)}."
    if account_document and account.document != account_document:
        return replace(
            _step(
                "access",
                CheckState.FAILURE,
                found,
                "Esta integração é de outra conta. Entre no Tiny com a conta certa e conecte de novo.",
                "connect",
            ),
            is_fatal=True,
        )
    return _step("access", CheckState.OK, found)


def _check_permissions(client: TinyV3Client) -> CheckStep:
    """One small question to each module; «no rows» is a good answer."""
    probes: Sequence[tuple[str, Callable[[], object]]] = (
        ("Pedidos", lambda: client.list_orders(OrderQuery(), offset=0, limit=1)),
        ("Notas fiscais", lambda: client.list_invoices(InvoiceQuery(), offset=0, limit=1)),
        ("Formas de envio", lambda: client.list_shipping_methods(offset=0, limit=1)),
    )
    granted, missing = [], []
    for name, ask in probes:
        try:
            ask()
        except PermissionMissing:
            missing.append(name)
        else:
            granted.append(name)
    if not missing:
        return _step("permissions", CheckState.OK, f"{_enumerate(granted)}.")
    return _step(
        "permissions",
        CheckState.FAILURE,
        f"Falta permissão para {_enumerate(missing)}."
        + (f" Com permissão: {_enumerate(granted)}." if granted else ""),
        f"No Tiny, abra o aplicativo, marque {_enumerate(missing)} e conecte de novo.",
        "connect",
    )


def _check_limit(headers: Mapping[str, str]) -> CheckStep:
    limit, remaining = (_number(headers.get(f"X-Ratelimit-{name}")) for name in ("Limit", "Remaining"))
    if not limit or remaining is None:
        return _step("limit", CheckState.OK, "O Tiny não informou o limite nesta resposta.")
    used = limit - remaining
    detail = f"{used} de {limit} chamadas no último minuto."
    if used > BUSY_SHARE * limit:
        return _step(
            "limit",
            CheckState.WARNING,
            detail,
            "Seu plano do Tiny está perto do limite. As consultas podem demorar; nada se perde.",
        )
    return _step("limit", CheckState.OK, detail)


def _check_clock(headers: Mapping[str, str], now: dt.datetime) -> CheckStep:
    """Our clock beside the ``Date`` of the ERP's answer."""
    try:
        theirs = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return _step("clock", CheckState.NOT_CHECKED, "O Tiny não informou a hora nesta resposta.")
    seconds = abs((now - theirs).total_seconds())
    shown = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    detail = f"Relógio com {shown} de diferença."
    if seconds > CLOCK_FAILURE_SECONDS:
        return _step("clock", CheckState.FAILURE, detail, "É do nosso lado: nossa equipe precisa acertar.")
    if seconds > CLOCK_WARNING_SECONDS:
        return _step("clock", CheckState.WARNING, detail, "É do nosso lado; nada a fazer por você.")
    return _step("clock", CheckState.OK, detail)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _enumerate(names: Sequence[str]) -> str:
    return " e ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _punctuate(document: str) -> str:
    if len(document) != 14:
        return document
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"
