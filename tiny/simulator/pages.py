"""The small web page of the simulator: register an app, look at orders, change them, see the calls."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from . import data, integrations, notice_pages, pedidos, produto_pages, store, switches, templates
from .control import describe_app
from .documents import mask_cnpj
from .frame import account_page, count, find_account, money, no_account, page_number, paging
from .html import LOGO, Markup, html, message_page, page
from .store import Cursor, Row, Store
from .web import Request, Response, Router, redirect

PAGE_SIZE = 25
CALLS_SIZE = 50
# The situações that are not simply under way.
TONES = {8: "warn", 0: "mute", 6: "ok", 2: "err", 9: "err", 10: "warn"}
NOTA_SITUACOES = {
    1: "Pendente", 2: "Emitida", 3: "Cancelada", 5: "Rejeitada", 6: "Autorizada", 7: "DANFE emitida",
}  # fmt: skip
STYLE = (Path(__file__).parent / "style.css").read_bytes()


class Pages:
    """Every page reads, or changes one thing and sends the browser back."""

    def __init__(self, database: Store) -> None:
        self._store = database
        self._routes = Router()
        account = "/contas/{account:int}"
        order = account + "/pedidos/{order:int}"
        for method, template, handler in (
            ("GET", "/", self._home),
            ("GET", "/estilo.css", lambda request: Response(200, STYLE, {"Content-Type": "text/css"})),
            ("GET", "/icone.svg", lambda request: Response(200, ICON, {"Content-Type": "image/svg+xml"})),
            ("GET", "/convite/{client}", self._invitation),
            ("GET", account, lambda request: redirect(request.path + "/pedidos")),
            ("GET", account + "/pedidos", self._orders),
            ("GET", order, self._order),
            ("POST", order + "/situacao", self._change_situacao),
            ("POST", order + "/nota", self._issue_nota),
            ("POST", order + "/rastreio", self._set_tracking),
            ("GET", account + "/aplicativos", self._apps),
            ("POST", account + "/aplicativos", self._register_app),
            ("GET", account + "/chamadas", self._calls),
            ("GET", account + "/tokens", self._tokens),
            *produto_pages.list_routes(database, account),
            *integrations.list_routes(database, account),
            *notice_pages.list_routes(database, account),
            *switches.list_routes(database, account),
        ):
            self._routes.add(method, template, handler)

    def handle(self, request: Request) -> Response:
        """Answer a page; forms are taken from our own origin only."""
        found = self._routes.find(request.method, request.path)
        if found is None:
            return message_page("Página não encontrada", "Este endereço não existe no simulador.", 404)
        origin = request.header("Origin")
        if request.method == "POST" and origin and urlsplit(origin).netloc != request.header("Host"):
            return message_page("Recusado", "O formulário veio de outro site.", 403)
        handler, _, request.params = found
        return handler(request)

    # -- home and applications -------------------------------------------------------------------------

    def _home(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            cards = [
                html(
                    templates.HOME_CARD,
                    id=account["id"],
                    name=account["razao_social"],
                    cnpj=mask_cnpj(account["cnpj"]),
                    place=f"{account['endereco']['municipio']}/{account['endereco']['uf']}",
                    total=count(sum(counts.values())),
                    open=count(sum(counts.get(situacao, 0) for situacao in data.SITUACOES_ABERTAS)),
                    apps=len(apps),
                    apps_label="aplicativo" if len(apps) == 1 else "aplicativos",
                    limit=f"{account['read_limit']} leituras/min" if account["read_limit"] else "sem limite",
                    live=html('<span class="chip ok">ao vivo</span>') if account["is_live"] else "",
                )
                for account in store.list_accounts(cursor)
                for counts in [store.count_situacoes(cursor, account["id"])]
                for apps in [store.list_apps(cursor, account["id"])]
            ]
        return page("Contas", html(templates.HOME, cards=cards))

    def _apps(self, request: Request, error: str = "", form: dict[str, str] | None = None) -> Response:
        with self._store.transaction() as cursor:
            account = find_account(cursor, request)
            apps = store.list_apps(cursor, account["id"]) if account else []
        if account is None:
            return no_account()
        form = form or {}
        cards = [
            html(
                templates.APP_CARD,
                name=app["name"],
                new=html('<span class="chip ok">novo</span>')
                if app["client_id"] == request.query.get("novo")
                else "",
                created=_moment(app["created_at"]),
                **describe_app(app, request.base_url),
            )
            for app in reversed(apps)
        ]
        content = html(
            templates.APPS,
            id=account["id"],
            cards=cards or [html('<p class="empty">Nenhum aplicativo registrado ainda.</p>')],
            error=html('<p class="alert" role="alert">{text}</p>', text=error) if error else "",
            name=form.get("nome", ""),
            redirect_uri=form.get("redirect_uri", ""),
        )
        return account_page(account, "aplicativos", content, 400 if error else 200)

    def _register_app(self, request: Request) -> Response:
        form = {name: value.strip() for name, value in request.form.items()}
        target = urlsplit(form.get("redirect_uri", ""))
        if not form.get("nome"):
            return self._apps(request, "Informe o nome do aplicativo.", form)
        if target.scheme not in ("http", "https") or not target.netloc:
            return self._apps(request, "Informe a URL de redirecionamento completa, com http ou https.", form)
        with self._store.transaction(durable=True) as cursor:
            account = find_account(cursor, request)
            if account is None:
                return no_account()
            app = store.add_app(cursor, account["id"], form["nome"][:120], form["redirect_uri"])
        return redirect(f"{request.path}?{urlencode({'novo': app['client_id']})}")

    def _invitation(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            app = store.get_app(cursor, request.params["client"])
        if app is None:
            return message_page("Convite não encontrado", "Este convite não vale mais.", 404)
        return page("Convite", html(templates.INVITATION, app=app["name"], company=app["razao_social"]))

    # -- orders ----------------------------------------------------------------------------------------

    def _orders(self, request: Request) -> Response:
        number, situacao = request.query.get("numero", "").strip(), request.query.get("situacao", "")
        conditions: list[tuple[str, Any]] = []
        if number:
            conditions.append(("%s IN (numero::text, numero_ecommerce)", number))
        if situacao.isdecimal() and int(situacao) in data.SITUACOES:
            conditions.append(("situacao = %s", int(situacao)))
        place = page_number(request)
        with self._store.transaction() as cursor:
            account = find_account(cursor, request)
            if account is None:
                return no_account()
            rows, total = store.list_rows(
                cursor, "pedido", account["id"], conditions, PAGE_SIZE, (place - 1) * PAGE_SIZE,
                descending=True,
            )  # fmt: skip
        options = [
            html(
                '<option value="{value}"{selected}>{label}</option>',
                value=value,
                label=label,
                selected=Markup(" selected") if situacao == str(value) else "",
            )
            for value, label in data.SITUACOES.items()
        ]
        content = html(
            templates.ORDERS,
            id=account["id"],
            number=number,
            options=options,
            rows=[_order_row(account["id"], row) for row in rows],
            empty=html('<p class="empty">Nenhum pedido com este filtro.</p>') if not rows else "",
            paging=paging(place, PAGE_SIZE, total, {"numero": number, "situacao": situacao}, "pedidos"),
        )
        return account_page(account, "pedidos", content)

    def _order(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            account = find_account(cursor, request)
            if account is None:
                return no_account()
            pedido = store.get_pedido(cursor, account["id"], int(request.params["order"]))
            if pedido is None:
                return message_page("Pedido não encontrado", "Este pedido não existe nesta conta.", 404)
            nota = store.get_nota(cursor, account["id"], pedido["nota_id"]) if pedido["nota_id"] else None
        return account_page(account, "pedidos", _order_content(account, pedido, nota))

    def _change_situacao(self, request: Request) -> Response:
        def change(cursor: Cursor, account: Row, pedido: Row) -> None:
            value = request.form.get("situacao", "")
            if value.isdecimal() and int(value) in data.SITUACOES:
                pedidos.change_situacao(cursor, pedido, int(value))

        return self._change(request, change)

    def _issue_nota(self, request: Request) -> Response:
        def change(cursor: Cursor, account: Row, pedido: Row) -> None:
            if not pedido["nota_id"]:
                pedidos.issue_nota(cursor, account, pedido)

        return self._change(request, change)

    def _set_tracking(self, request: Request) -> Response:
        def change(cursor: Cursor, account: Row, pedido: Row) -> None:
            if request.form.get("decisao") == "inventar":
                code, address = pedidos.invent_tracking(pedido)
            else:
                code = request.form.get("codigo", "").strip()[:100]
                address = request.form.get("url", "").strip()[:500]
            pedidos.set_freight(
                cursor, pedido, request.form.get("forma", ""), request.form.get("transportador")
            )
            pedidos.set_tracking(cursor, pedido, code, address)
            if request.form.get("decisao") == "despachar":
                pedidos.change_situacao(cursor, pedido, 5)

        return self._change(request, change)

    def _change(self, request: Request, change: Any) -> Response:
        with self._store.transaction() as cursor:
            account = find_account(cursor, request)
            if account is None:
                return no_account()
            pedido = store.get_pedido(cursor, account["id"], int(request.params["order"]), lock=True)
            if pedido is None:
                return message_page("Pedido não encontrado", "Este pedido não existe nesta conta.", 404)
            change(cursor, account, pedido)
        return redirect(request.path.rpartition("/")[0])

    # -- calls and tokens ------------------------------------------------------------------------------

    def _calls(self, request: Request) -> Response:
        place = page_number(request)
        with self._store.transaction() as cursor:
            account = find_account(cursor, request)
            if account is None:
                return no_account()
            counts = store.count_calls(cursor, account["id"])
            calls = store.list_calls(cursor, account["id"], limit=CALLS_SIZE, offset=(place - 1) * CALLS_SIZE)
        total = sum(row["total"] for row in counts)
        content = html(
            templates.CALLS,
            counters=[
                html(
                    '<li><span class="mono">{route}</span> {status} <strong>{total}</strong></li>',
                    route=row["route"], status=_status_chip(row), total=row["total"],
                )
                for row in counts
            ],
            rows=[
                html(
                    templates.CALL_ROW,
                    at=f"{call['at'].astimezone(data.BRASILIA):%d/%m %H:%M:%S}",
                    method=call["method"],
                    path=call["path"] + (f"?{call['query']}" if call["query"] else ""),
                    status=_status_chip(call),
                    ms=f"{call['ms']:.0f} ms",
                )
                for call in calls
            ],
            empty="" if calls else html('<p class="empty">Nenhuma chamada recebida ainda.</p>'),
            paging=paging(place, CALLS_SIZE, total, {}, "chamadas"),
        )  # fmt: skip
        return account_page(account, "chamadas", content)

    def _tokens(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            account = find_account(cursor, request)
            if account is None:
                return no_account()
            apps = {app["client_id"]: app["name"] for app in store.list_apps(cursor, account["id"])}
            counts = store.count_token_calls(cursor, list(apps))
        content = html(
            templates.GRANTS,
            rows=[
                html(
                    templates.GRANT_ROW,
                    app=apps[row["client_id"]],
                    grant=row["grant_type"] or "(vazio)",
                    outcome=html(
                        '<span class="chip {tone}">{text}</span>',
                        tone="ok" if row["outcome"] == "ok" else "err",
                        text=row["outcome"],
                    ),
                    total=row["total"],
                    last=_moment(row["last_at"]),
                )
                for row in counts
            ],
            empty="" if counts else html('<p class="empty">Nenhum token pedido ainda.</p>'),
        )
        return account_page(account, "tokens", content)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(data.BRASILIA):%d/%m/%Y %H:%M:%S}"


def _day(value: Any) -> str:
    return f"{value:%d/%m/%Y}" if value else ""


def _situacao_chip(situacao: int) -> Markup:
    return html(
        '<span class="chip {tone}">{text}</span>',
        tone=TONES.get(situacao, "info"),
        text={**data.SITUACOES, **data.SITUACOES_NOVAS}[situacao],
    )


def _status_chip(call: Row) -> Markup:
    """The status; where API v2 refused with 200, its code as well."""
    status, code = call["status"], call["codigo_erro"]
    is_fine = status < 300 and code in ("", "20")
    tone = "ok" if is_fine else "warn" if status in (200, 404, 429) else "err"
    text = f"{status} · código {code}" if code else status
    return html('<span class="chip {tone}">{text}</span>', tone=tone, text=text)


def _freight_name(pedido: Row) -> str:
    transportador = pedido["dados"]["transportador"]
    parts = [
        (transportador.get("formaEnvio") or {}).get("nome"),
        (transportador.get("formaFrete") or {}).get("nome"),
    ]
    return " · ".join(part for part in parts if part) or "Sem frete"


def _order_row(account_id: int, row: Row) -> Markup:
    dados = row["dados"]
    return html(
        templates.ORDER_ROW,
        account=account_id,
        id=row["id"],
        number=row["numero"],
        ecommerce=row["numero_ecommerce"],
        channel=dados["ecommerce"].get("nome") or "Venda direta",
        day=_day(row["data"]),
        customer=dados["cliente"]["nome"],
        situacao=_situacao_chip(row["situacao"]),
        freight=_freight_name(row),
        tracking=row["codigo_rastreamento"],
        nota=html('<span class="chip mute">NF</span>') if row["nota_id"] else "",
        value=money(data.total_of(dados)[1]) if dados["itens"] else "",
    )


def _facts(pairs: list[tuple[str, Any]]) -> list[Markup]:
    return [
        html("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
        for name, value in pairs
        if value
    ]


def _address(endereco: dict[str, Any]) -> str:
    street = ", ".join(endereco[name] for name in ("endereco", "numero", "complemento") if endereco.get(name))
    place = "/".join(endereco[name] for name in ("municipio", "uf") if endereco.get(name))
    parts = (street, endereco.get("bairro"), place, endereco.get("cep"), endereco.get("pais"))
    return " · ".join(part.strip() for part in parts if part)


def _order_content(account: Row, pedido: Row, nota: Row | None) -> Markup:
    dados = pedido["dados"]
    cliente = dados["cliente"]
    goods, total = data.total_of(dados)
    options = [
        html(
            '<option value="{value}"{selected}>{label}</option>',
            value=value,
            label=label,
            selected=Markup(" selected") if value == pedido["situacao"] else "",
        )
        for value, label in data.SITUACOES.items()
    ]
    base = f"/contas/{account['id']}/pedidos/{pedido['id']}"
    if nota is None:
        nota_part = html(templates.NOTA_MISSING, action=f"{base}/nota")
    else:
        key = nota["chave"]
        facts = [
            ("Número e série", f"{nota['numero']} / {nota['serie']}"),
            ("Situação", NOTA_SITUACOES.get(nota["situacao"], nota["situacao"])),
            ("Emissão", _day(nota["data_emissao"])),
            ("Chave de acesso", html('<span class="mono key">{key}</span>', key=_spaced(key))),
        ]
        nota_part = html('<dl class="facts">{facts}</dl>', facts=_facts(facts))
    delivery = dados["enderecoEntrega"]
    return html(
        templates.ORDER,
        number=pedido["numero"],
        chip=_situacao_chip(pedido["situacao"]),
        summary=_facts(
            [
                ("Canal", dados["ecommerce"].get("nome") or "Venda direta"),
                ("Nº no canal", pedido["numero_ecommerce"]),
                ("Criado em", _day(pedido["data"])),
                ("Previsto para", _day(pedido["data_prevista"])),
                ("Alterado em", _moment(pedido["atualizado_em"])),
                ("Id", pedido["id"]),
            ]
        ),
        items=[
            html(
                templates.ITEM_ROW,
                name=item["produto"]["descricao"],
                sku=item["produto"]["sku"],
                quantity=item["quantidade"],
                unit=money(item["valorUnitario"]),
                total=money(item["quantidade"] * item["valorUnitario"]),
            )
            for item in dados["itens"]
        ]
        or [html('<tr><td colspan="4" class="empty">Pedido sem itens.</td></tr>')],
        totals=_facts(
            [
                ("Produtos", money(goods)),
                ("Desconto", money(dados["valorDesconto"])),
                ("Frete", money(dados["valorFrete"])),
                ("Total", money(total)),
            ]
        ),
        customer=_facts(
            [
                ("Nome", cliente["nome"]),
                ("CPF/CNPJ", cliente["cpfCnpj"] or "não informado"),
                ("Telefone", cliente["celular"] or cliente["telefone"]),
                ("E-mail", cliente["email"]),
                ("Endereço", _address(cliente["endereco"])),
                ("Entrega", f"{delivery['nomeDestinatario']} · {_address(delivery)}" if delivery else ""),
            ]
        ),
        situacao_action=f"{base}/situacao",
        options=options,
        nota=nota_part,
        freight=_freight_name(pedido),
        carrier=dados["transportador"].get("nome") or "",
        tracking_action=f"{base}/rastreio",
        formas=_list_formas(pedido),
        code=pedido["codigo_rastreamento"],
        url=pedido["url_rastreamento"],
    )


def _list_formas(pedido: Row) -> list[Markup]:
    chosen = (pedido["dados"]["transportador"].get("formaEnvio") or {}).get("nome") or ""
    names = ["", *(forma["nome"] for forma in data.list_formas_envio(pedido["account_id"]))]
    return [
        html(
            '<option value="{name}"{mark}>{label}</option>',
            name=name,
            mark=Markup(" selected") if name == chosen else "",
            label=name or "Sem frete",
        )
        for name in names
    ]


def _spaced(key: str) -> str:
    return " ".join(key[place : place + 4] for place in range(0, len(key), 4))


ICON = str(LOGO).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode()
