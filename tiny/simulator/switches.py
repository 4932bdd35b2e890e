"""The page where a person lays faults on an account, sets its limits and moves the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from . import api, api2, data, faults, outbox, quota, sender_control, sender_faults, store, templates
from .frame import account_page, find_account, no_account, options
from .html import Markup, html
from .notices import ACCOUNT_KINDS, INTEGRATION_KINDS
from .store import Cursor, Row, Store
from .v2.errors import MESSAGES
from .web import Handler, Request, Response, redirect

TOKEN_ROUTE = "POST /token"  # noqa: S105
CODE_LABELS = {
    6: "acessos demais no último minuto",
    11: "acessos simultâneos demais",
    22: "registros demais no lote",
    23: "a página não existe",
    35: "erro inesperado",
}
LABELS = {
    "error_500": "Erro 500",
    "error_503": "Erro 503, sem corpo",
    "html_200": "Página HTML com status 200",
    "html_502": "Página HTML com status 502",
    "truncated": "JSON cortado no meio",
    "broken_off": "Conexão cai no meio da resposta",
    "content_type": "JSON com tipo text/plain",
    "empty_204": "204 sem corpo",
    "quota_429": "429 com cabeçalhos de limite",
    "quota_429_bare": "429 sem cabeçalhos",
    "refused_401": "401 (acesso recusado)",
    "refused_403": "403 (sem permissão)",
    "missing_404": "404 (não encontrado)",
    "slow_bytes": "Um byte por segundo",
    "delay": "Demora 10 segundos",
    "drop": "Conexão cai antes do trabalho",
    "drop_after": "Faz o trabalho e cai sem responder",
    "same_page": "Ignora offset e pagina (sempre a mesma página)",
    "no_filters": "Ignora todos os filtros",
    "insert_before": "Um registro novo empurra as páginas seguintes",
    "delete_before": "Um registro some e puxa as páginas seguintes",
    "duplicate_row": "O último registro da página vem duas vezes",
    "huge": "Resposta de 20 MB",
    "no_refresh_token": "Token novo sem refresh_token",
    "no_lifetime": "Token novo com expires_in 0",
    "v2_html": "API v2: página HTML de bloqueio com status 200",
    "empty_list": "Lista vazia, como se não houvesse nada",
    "comma": "Estoque e preço com vírgula",
    "physical": "Saldo físico no lugar do disponível",
    "zero_stock": "Todo estoque zero",
    "negative_stock": "Todo estoque negativo",
    "price_hundredth": "Preços divididos por 100",
    "price_hundredfold": "Preços vezes 100",
    "nulls": "Estoque e preço nulos",
    "without_fields": "Sem os campos de estoque e preço",
    "other_account": "Dados de outra conta",
    **{
        f"v2_code_{code}": f"API v2: código {code}, {CODE_LABELS.get(code, text)}"
        for code, text in MESSAGES.items()
    },
}
WINDOW_LABELS = {"fixed": "Fixa, a cada minuto", "sliding": "Deslizante"}
HEADER_LABELS = {"reads": "Só nas leituras, como o Tiny", "all": "Em todas as respostas", "none": "Nunca"}
LIMITS = ("read_limit", "write_limit", "burst_limit", "v2_limit", "v2_batch_limit", "v2_variety")
CLOCK_STEPS = {"60": "Avançar 1 minuto", "3600": "Avançar 1 hora", "86400": "Avançar 1 dia"}
MAX_LIMIT = 100_000
MAX_TIMES = 10_000
MAX_DELAY = 100_000
SCALES = {"1": "5, 10, 15 … minutos, como o Tiny", "60": "5, 10, 15 … segundos"}
REMOVALS = {"apaga": "O endereço é apagado sem aviso", "mantem": "O endereço fica"}
KIND_LABELS = {
    "vendas": "Pedidos (conta)",
    "envios": "Pedidos enviados (conta)",
    "estoque": "Estoque",
    "precos": "Preços",
    "produto": "Produtos",
    "situacao_pedido": "Situação de pedidos",
    "rastreio": "Rastreio",
    "nota_fiscal": "Notas fiscais",
}

Change = Callable[[Cursor, Row, dict[str, str]], None]


def list_routes(database: Store, account: str) -> list[tuple[str, str, Handler]]:
    """The routes of this page below the account's address."""

    def show(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            return no_account() if row is None else account_page(row, "falhas", _content(cursor, row))

    def change(work: Change) -> Handler:
        def handle(request: Request) -> Response:
            with database.transaction() as cursor:
                row = find_account(cursor, request)
                if row is None:
                    return no_account()
                work(cursor, row, request.form)
            database.wake_sender()
            return redirect(f"/contas/{row['id']}/falhas")

        return handle

    base = account + "/falhas"
    return [
        ("GET", base, show),
        ("POST", base, change(_lay_fault)),
        ("POST", base + "/desligar", change(_remove_faults)),
        ("POST", base + "/limites", change(_set_limits)),
        ("POST", base + "/consumir", change(_consume)),
        ("POST", base + "/relogio", change(_move_clock)),
        ("POST", base + "/envio", change(_lay_sender_fault)),
        ("POST", base + "/envio/desligar", change(_remove_sender_fault)),
        ("POST", base + "/envio/reenvio", change(_set_resending)),
        ("POST", base + "/envio/soltar", change(_release)),
        ("POST", base + "/envio/apagar", change(_erase_urls)),
    ]


def _lay_fault(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    route, kind = form.get("rota", ""), form.get("falha", "")
    if route not in _list_targets() or kind not in faults.PRESETS:
        return
    # The address of the token knows an app, and so its account, like every other route.
    times = _read_count(form.get("vezes", ""), MAX_TIMES)
    store.add_fault(
        cursor,
        account["id"],
        faults.normalize_route(route),
        _read_count(form.get("depois", ""), MAX_TIMES) or 0,
        times or faults.ENDLESS,
        faults.PRESETS[kind],
    )


def _remove_faults(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    if form.get("falha") == "todas":
        for fault in _faults_of(cursor, account):
            store.delete_fault(cursor, fault["id"])
    elif form.get("falha", "").isdecimal():
        store.delete_fault(cursor, int(form["falha"][:9]))


def _set_limits(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    values: dict[str, Any] = {name: _read_count(form.get(name, ""), MAX_LIMIT) or 0 for name in LIMITS}
    if form.get("janela") in quota.WINDOWS:
        values["quota_window"] = form["janela"]
    if form.get("cabecalhos") in quota.HEADERS:
        values["quota_headers"] = form["cabecalhos"]
    store.update_account(cursor, account["id"], values)


def _consume(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    if form.get("tipo") in ("read", "write", "v2"):
        quota.consume(cursor, account, form["tipo"], _read_count(form.get("chamadas", ""), 1000) or 0)


def _move_clock(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    if form.get("passo") == "agora":
        store.move_clock(cursor, 0)
        store.freeze_clock(cursor, is_frozen=False)
    elif form.get("passo") in CLOCK_STEPS:
        store.move_clock(cursor, store.get_clock_offset(cursor) + int(form["passo"]))


def _lay_sender_fault(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    action, kind = form.get("falha", ""), form.get("tipo", "")
    if action not in sender_faults.ACTIONS or kind not in ("", *ACCOUNT_KINDS, *INTEGRATION_KINDS):
        return
    sender_faults.add(
        cursor,
        action,
        account_id=account["id"],
        kinds=[kind] if kind else [],
        value=_read_count(form.get("segundos", ""), MAX_DELAY) or 1,
        share=(_read_count(form.get("parte", ""), 100) or 0) / 100,
        seed=form.get("semente", "")[:60],
    )


def _remove_sender_fault(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    fault_id = _read_count(form.get("falha", ""), 10**9)
    if fault_id in {fault["id"] for fault in sender_faults.list_laid(cursor, account["id"])}:
        sender_faults.remove(cursor, fault_id)


def _set_resending(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    if form.get("escala") in SCALES and form.get("depois") in REMOVALS:
        outbox.set_resending(cursor, float(form["escala"]), removes_urls=form["depois"] == "apaga")


def _release(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    if form.get("ordem") in outbox.ORDERS:
        outbox.release(cursor, account["id"], form["ordem"], "")


def _erase_urls(cursor: Cursor, account: Row, form: dict[str, str]) -> None:
    outbox.save_urls(cursor, account["id"], None, {})
    for integration in store.list_integrations(cursor, account["id"]):
        outbox.save_urls(cursor, account["id"], integration["id"], {})


def _read_count(text: str, most: int) -> int | None:
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _list_targets() -> list[str]:
    """Every route that a fault can be laid on, as a person reads it."""
    routes = [f"{method} {template.replace(':int', '')}" for method, template, _ in api.ROUTES]
    services = [f"POST {api2.PREFIX}/{name}" for name in api2.SERVICES]
    return [faults.EVERY_ROUTE, *routes, *services, TOKEN_ROUTE]


def _faults_of(cursor: Cursor, account: Row) -> list[Row]:
    return [fault for fault in store.list_faults(cursor) if fault["account_id"] in (None, account["id"])]


def _content(cursor: Cursor, account: Row) -> Markup:
    laid = _faults_of(cursor, account)
    offset = store.get_clock_offset(cursor)
    names = {faults.EVERY_ROUTE: "Todas as rotas da API", TOKEN_ROUTE: "POST /token (autenticação)"}
    base = f"/contas/{account['id']}/falhas"
    switches = html(
        templates.SWITCHES,
        base=base,
        routes=options({target: names.get(target, target) for target in _list_targets()}),
        kinds=options(LABELS),
        rows=[_fault_row(base, fault, names) for fault in laid],
        empty="" if laid else html('<p class="empty">Nenhuma falha ligada.</p>'),
        remove_all=html(templates.REMOVE_ALL_FAULTS, base=base) if laid else "",
        read_limit=account["read_limit"],
        write_limit=account["write_limit"],
        burst_limit=account["burst_limit"],
        v2_limit=account["v2_limit"],
        v2_batch_limit=account["v2_batch_limit"],
        v2_variety=account["v2_variety"],
        windows=options(WINDOW_LABELS, account["quota_window"]),
        headers=options(HEADER_LABELS, account["quota_headers"]),
        now=f"{store.get_now(cursor).astimezone(data.BRASILIA):%d/%m/%Y %H:%M:%S}",
        moved=_describe_move(offset, is_frozen=store.is_clock_frozen(cursor)),
        steps=[
            html(
                '<button class="button" name="passo" value="{value}">{label}</button>',
                value=value,
                label=label,
            )
            for value, label in {**CLOCK_STEPS, "agora": "Voltar à hora certa"}.items()
        ],
    )
    return html('<div class="stack">{parts}</div>', parts=[switches, _sender_part(cursor, account, base)])


def _sender_part(cursor: Cursor, account: Row, base: str) -> Markup:
    laid = sender_faults.list_laid(cursor, account["id"])
    counted = sender_control.count_notifications(cursor, account["id"])
    shown = {
        "a enviar": counted["queued"],
        "entregues": counted["delivered"],
        "na fila": counted["waiting"],
        "seguradas": counted["held"],
        "perdidas": counted["dropped"],
        "não enviadas": counted["stopped"],
        "desistências": counted["given_up"],
        **{f"resposta {status}": total for status, total in counted["statuses"].items()},
    }
    return html(
        templates.SENDER,
        base=base,
        actions=options(sender_faults.ACTIONS),
        kinds=options(KIND_LABELS),
        rows=[_sender_fault_row(base, fault) for fault in laid],
        empty="" if laid else html('<p class="empty">Nenhuma falha no envio.</p>'),
        scales=options(SCALES, f"{outbox.get_time_scale(cursor):.0f}"),
        removals=options(REMOVALS, "apaga" if outbox.removes_urls(cursor) else "mantem"),
        counters=[
            html("<li>{name} <strong>{total}</strong></li>", name=name, total=total)
            for name, total in shown.items()
        ],
    )


def _sender_fault_row(base: str, fault: Row) -> Markup:
    kinds = ", ".join(KIND_LABELS.get(kind, kind) for kind in fault["kinds"])
    timed = f" {fault['value']:.0f} s" if fault["action"] in sender_faults.TIMED else ""
    return html(
        templates.SENDER_FAULT_ROW,
        base=base,
        id=fault["id"],
        kinds=kinds or "Todas",
        scope="todas as contas" if fault["account_id"] is None else "",
        what=f"{sender_faults.ACTIONS[fault['action']]}{timed}, {fault['share']:.0%}",
        struck=f"{fault['struck']} de {fault['seen']}",
        state=html('<span class="chip warn">ligada</span>'),
    )


def _describe_move(offset: float, *, is_frozen: bool) -> str:
    days, seconds = divmod(int(abs(offset)), 86_400)
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    moved = f"{'Adiantado' if offset > 0 else 'Atrasado'} em {days} d {hours} h {minutes} min."
    return f"{moved if offset else 'Hora certa.'}{' Parado.' if is_frozen else ''}"


def _fault_row(base: str, fault: Row, names: dict[str, str]) -> Markup:
    kind = next((name for name, action in faults.PRESETS.items() if action == fault["action"]), "")
    struck = max(fault["seen"] - fault["after"], 0)
    is_endless = fault["times"] >= faults.ENDLESS
    is_over = struck >= fault["times"]
    return html(
        templates.FAULT_ROW,
        base=base,
        id=fault["id"],
        route=names.get(fault["route"], fault["route"]),
        what=LABELS.get(kind) or json.dumps(fault["action"], ensure_ascii=False)[:200],
        scope="todas as contas" if fault["account_id"] is None else "",
        state=html(
            '<span class="chip {tone}">{text}</span>',
            tone="mute" if is_over else "warn",
            text="acabou" if is_over else "ligada",
        ),
        struck=f"{struck}, até desligar" if is_endless else f"{struck} de {fault['times']}",
    )
