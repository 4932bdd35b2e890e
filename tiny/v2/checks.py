"""«Testar» for API v2: address, token and CNPJ, Identificador, a look at each module, limit, clock.

Read only and six calls at most.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

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
from tiny.v2 import mappers
from tiny.v2.client import TinyV2Client
from tiny.values import SAO_PAULO, read_number

ORDERS = "Pedidos"
INTEGRATOR = ("integrator", "Identificador do integrador")
CHECKS: Sequence[tuple[str, str]] = (ADDRESS, ACCESS, INTEGRATOR, PERMISSIONS, LIMIT, CLOCK)
OTHER_ACCOUNT = "Copie o Token da conta certa no Tiny, salve e teste de novo."


def check_connection(context: ProviderContext, *, account_document: str) -> Iterator[CheckStep]:
    """The steps of ``CHECKS`` in order, up to and including the first fatal one."""
    listening = Listening(context)
    client = TinyV2Client(listening)
    today = context.now().astimezone(SAO_PAULO).date()

    def access() -> CheckStep:
        account = mappers.to_erp_account(client.get_info())
        return check_access(account, account_document, OTHER_ACCOUNT, "edit_credentials")

    return run(
        (
            (ADDRESS, lambda: check_address(listening, "/info.php")),
            (ACCESS, access),
            (INTEGRATOR, _tell_of_integrator),
            (PERMISSIONS, lambda: _check_modules(client, today)),
            (LIMIT, lambda: _check_limit(listening.headers)),
            (CLOCK, lambda: check_clock(listening.headers, context.now())),
        )
    )


def _tell_of_integrator() -> CheckStep:
    return make_step(
        INTEGRATOR,
        CheckState.NOT_CHECKED,
        "O Tiny não deixa conferir este número sozinho: ele só aparece no envio de pedidos e nas"
        " notificações. Confira se é igual ao que o Tiny mostra em Gerenciar.",
    )


def _check_modules(client: TinyV2Client, today: dt.date) -> CheckStep:
    granted, missing = ask_each(
        (
            (ORDERS, lambda: client.list_orders(OrderQuery(created_from=today), page=1)),
            ("Notas fiscais", lambda: client.list_invoices(InvoiceQuery(issued_from=today), page=1)),
            ("Formas de envio", client.list_shipping_methods),
        )
    )
    if not missing:
        return make_step(PERMISSIONS, CheckState.OK, f"{enumerate_names(granted)}.")
    step = make_step(
        PERMISSIONS,
        CheckState.FAILURE,
        f"O Tiny não libera {enumerate_names(missing)} para este token."
        + (f" Libera: {enumerate_names(granted)}." if granted else ""),
        "Confira no Tiny se o seu plano e os módulos da conta incluem isso e teste de novo.",
        "open_erp",
    )
    # Without orders there is nothing to connect for.
    return replace(step, is_fatal=ORDERS in missing)


def _check_limit(headers: Mapping[str, str]) -> CheckStep:
    limit = read_number(headers.get("X-Ratelimit-Limit", ""))
    if limit is None:
        return make_step(LIMIT, CheckState.OK, "O Tiny não informou o limite nesta resposta.")
    if limit <= 0:
        step = make_step(
            LIMIT,
            CheckState.FAILURE,
            "Seu plano do Tiny não inclui chamadas de API.",
            "Mude o plano no Tiny ou ligue a extensão de API e teste de novo.",
            "open_erp",
        )
        return replace(step, is_fatal=True)
    return make_step(LIMIT, CheckState.OK, f"Seu plano permite {limit} chamadas por minuto.")
