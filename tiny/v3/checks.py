"""«Testar» for API v3: address and certificate, access, permissions, limit, clock.

Read only and seven calls at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from contracts.provider import ProviderContext
from contracts.records import CheckState, CheckStep, InvoiceQuery, OrderQuery
from tiny.checks import (
    ACCESS,
    ADDRESS,
    CLOCK,
    LIMIT,
    PERMISSIONS,
    Listening,
    ask_each,
    check_access,
    check_address,
    check_clock,
    enumerate_names,
    make_step,
    run,
)
from tiny.v3 import mappers
from tiny.v3.client import TinyV3Client

CHECKS: Sequence[tuple[str, str]] = (ADDRESS, ACCESS, PERMISSIONS, LIMIT, CLOCK)
BUSY_SHARE = 0.8
OTHER_ACCOUNT = "Entre no Tiny com a conta certa e conecte de novo."


def check_connection(context: ProviderContext, *, account_document: str) -> Iterator[CheckStep]:
    """The steps of ``CHECKS`` in order, up to and including the first fatal one."""
    listening = Listening(context)
    client = TinyV3Client(listening)

    def access() -> CheckStep:
        account = mappers.to_erp_account(client.get_info())
        return check_access(account, account_document, OTHER_ACCOUNT, "connect")

    return run(
        (
            (ADDRESS, lambda: check_address(listening, "/info")),
            (ACCESS, access),
            (PERMISSIONS, lambda: _check_permissions(client)),
            (LIMIT, lambda: _check_limit(listening.headers)),
            (CLOCK, lambda: check_clock(listening.headers, context.now())),
        )
    )


def _check_permissions(client: TinyV3Client) -> CheckStep:
    granted, missing = ask_each(
        (
            ("Pedidos", lambda: client.list_orders(OrderQuery(), offset=0, limit=1)),
            ("Notas fiscais", lambda: client.list_invoices(InvoiceQuery(), offset=0, limit=1)),
            ("Formas de envio", lambda: client.list_shipping_methods(offset=0, limit=1)),
        )
    )
    if not missing:
        return make_step(PERMISSIONS, CheckState.OK, f"{enumerate_names(granted)}.")
    return make_step(
        PERMISSIONS,
        CheckState.FAILURE,
        f"Falta permissão para {enumerate_names(missing)}."
        + (f" Com permissão: {enumerate_names(granted)}." if granted else ""),
        f"No Tiny, abra o aplicativo, marque {enumerate_names(missing)} e conecte de novo.",
        "connect",
    )


def _check_limit(headers: Mapping[str, str]) -> CheckStep:
    limit, remaining = (_number(headers.get(f"X-Ratelimit-{name}")) for name in ("Limit", "Remaining"))
    if not limit or remaining is None:
        return make_step(LIMIT, CheckState.OK, "O Tiny não informou o limite nesta resposta.")
    used = limit - remaining
    detail = f"{used} de {limit} chamadas no último minuto."
    if used > BUSY_SHARE * limit:
        return make_step(
            LIMIT,
            CheckState.WARNING,
            detail,
            "Seu plano do Tiny está perto do limite. As consultas podem demorar; nada se perde.",
        )
    return make_step(LIMIT, CheckState.OK, detail)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
