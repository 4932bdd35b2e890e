"""The control API of the tests and the demo script: JSON under ``/_control/``, loopback only.

``README.md`` beside this file lists routes, fields and answers.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from . import assortment, catalog, data, faults, pedidos, produtos, quota, sender_control, store
from .documents import normalize_document
from .oauth import OAuth
from .store import Cursor, Row, Store
from .web import BadRequest, NotFound, Request, Response, Router, json_response

PREFIX = "/_control"
MAX_ORDERS = 100_000
MAX_PRODUCTS = 100_000
MAX_CONSUMED = 10_000
MAX_OFFSET_SECONDS = 10 * 366 * 86_400
ACCOUNT_FIELDS = {
    "read_limit": "read_limit",
    "write_limit": "write_limit",
    "burst_limit": "burst_limit",
    "window": "quota_window",
    "quota_headers": "quota_headers",
    "reserves_stock": "reserves_stock",
    "stock_touches_product": "stock_touches_product",
    "catalogue": "has_catalogue",
    "live": "is_live",
    "v2_limit": "v2_limit",
    "v2_batch_limit": "v2_batch_limit",
    "v2_variety": "v2_variety",
    "realtime": "has_realtime",
}
SWITCHES = ("live", "reserves_stock", "stock_touches_product", "catalogue", "realtime")
NESTED_PARTS = (
    "cliente", "ecommerce", "transportador", "itens", "enderecoEntrega", "valorFrete", "valorDesconto",
    "valorOutrasDespesas", "observacoes", "numeroOrdemCompra", "servico",
)  # fmt: skip


def seed_demo(cursor: Cursor) -> None:
    """The two accounts that a first start shows, each with forty orders of the last six days."""
    for description in data.DEMO_ACCOUNTS:
        account = store.add_account(cursor, {**description, "is_live": True})
        # Numbering as of a shop that has been selling for a while.
        numbers = {"last_pedido": 5400 + 1730 * account["id"], "last_nota": 12_200 + 3100 * account["id"]}
        store.update_account(cursor, account["id"], numbers)
        pedidos.create_pedidos(cursor, account, 40, account["seed"], 6)


class Control:
    """The routes of the control API."""

    def __init__(self, database: Store, oauth: OAuth) -> None:
        self._store = database
        self._oauth = oauth
        self._routes = Router()
        for method, template, handler in (
            ("GET", "/health", self._health),
            ("POST", "/reset", self._reset),
            ("GET", "/clock", self._show_clock),
            ("POST", "/clock", self._move_clock),
            ("GET", "/accounts", self._list_accounts),
            ("POST", "/accounts", self._add_account),
            ("PATCH", "/accounts/{account:int}", self._patch_account),
            ("POST", "/accounts/{account:int}/apps", self._add_app),
            ("GET", "/accounts/{account:int}/integrations", self._list_integrations),
            ("POST", "/accounts/{account:int}/integrations", self._add_integration),
            ("GET", "/accounts/{account:int}/orders", self._list_orders),
            ("POST", "/accounts/{account:int}/orders", self._add_orders),
            ("PATCH", "/accounts/{account:int}/orders/{order:int}", self._patch_order),
            ("GET", "/accounts/{account:int}/products", self._list_products),
            ("POST", "/accounts/{account:int}/products", self._add_products),
            ("PATCH", "/accounts/{account:int}/products/{product:int}", self._patch_product),
            ("POST", "/accounts/{account:int}/products/{product:int}/send", self._send_product),
            ("POST", "/accounts/{account:int}/stock", self._set_stock),
            ("POST", "/accounts/{account:int}/depositos", self._save_deposito),
            ("POST", "/accounts/{account:int}/price_lists", self._save_lista),
            ("GET", "/accounts/{account:int}/calls", self._list_calls),
            ("POST", "/accounts/{account:int}/calls/clear", self._clear_calls),
            ("GET", "/accounts/{account:int}/counters", self._show_counters),
            ("POST", "/accounts/{account:int}/quota/consume", self._consume_quota),
            ("GET", "/token_calls", self._count_token_calls),
            ("POST", "/tokens", self._change_tokens),
            ("POST", "/tokens/v2", self._change_token_v2),
            ("GET", "/faults", self._list_faults),
            ("POST", "/faults", self._add_fault),
            ("POST", "/faults/clear", self._clear_faults),
            ("DELETE", "/faults/{fault:int}", self._delete_fault),
            ("POST", "/authorize", self._authorize),
            *sender_control.list_routes(database),
        ):
            self._routes.add(method, template, handler)

    def handle(self, request: Request) -> Response:
        """Answer a control call: 400 {"erro"} for what cannot be used, 404 for what is not there."""
        if request.environ.get("REMOTE_ADDR") not in ("127.0.0.1", "::1"):
            return json_response({"erro": "loopback only"}, 403)
        found = self._routes.find(request.method, request.path.removeprefix(PREFIX))
        if found is None:
            return json_response({"erro": "no such route"}, 404)
        handler, _, request.params = found
        try:
            return handler(request)
        except NotFound as error:
            return json_response({"erro": str(error)}, 404)
        except (BadRequest, KeyError, ValueError, TypeError) as error:
            return json_response({"erro": f"{type(error).__name__}: {error}"}, 400)

    # -- whole simulator -------------------------------------------------------------------------------

    def _health(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            return json_response({"status": "ok", "accounts": len(store.list_accounts(cursor))})

    def _reset(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            store.erase_everything(cursor)
            if request.json.get("seed_demo", True):
                seed_demo(cursor)
            accounts = store.list_accounts(cursor)
        return json_response({"accounts": [account["id"] for account in accounts]})

    def _show_clock(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            return json_response(_describe_clock(cursor))

    def _move_clock(self, request: Request) -> Response:
        """``offset_seconds`` sets, ``advance_seconds`` adds; ``frozen`` holds the clock or lets it go."""
        body = request.json
        with self._store.transaction() as cursor:
            offset = float(body.get("offset_seconds", store.get_clock_offset(cursor)))
            offset += float(body.get("advance_seconds", 0))
            if not abs(offset) <= MAX_OFFSET_SECONDS:
                raise BadRequest("too far away")
            store.move_clock(cursor, offset)
            if "frozen" in body:
                store.freeze_clock(cursor, is_frozen=bool(body["frozen"]))
            clock = _describe_clock(cursor)
        # What was to be sent later may be due now.
        self._store.wake_sender()
        return json_response(clock)

    # -- accounts --------------------------------------------------------------------------------------

    def _list_accounts(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            answer = [
                {
                    "account_id": account["id"],
                    "cnpj": account["cnpj"],
                    "name": account["razao_social"],
                    **{name: account[column] for name, column in ACCOUNT_FIELDS.items()},
                    "token_api": store.get_token_v2(cursor, account["id"]),
                    "orders": sum(store.count_situacoes(cursor, account["id"]).values()),
                    "apps": [
                        {name: app[name] for name in ("client_id", "client_secret", "name", "redirect_uri")}
                        for app in store.list_apps(cursor, account["id"])
                    ],
                }
                for account in store.list_accounts(cursor)
            ]
        return json_response(answer)

    def _add_account(self, request: Request) -> Response:
        body = request.json
        cnpj = normalize_document(str(body["cnpj"]))
        seed = str(body.get("seed", cnpj))
        account = data.make_account(cnpj, str(body.get("name", "EMPRESA DE TESTE LTDA")), seed, 0)
        account.update(_read_account_fields(body))
        with self._store.transaction() as cursor:
            # A CNPJ is one account: adding it again starts it afresh, which is what a test wants.
            store.delete_account(cursor, cnpj)
            row = store.add_account(cursor, account)
            created = self._create_orders(cursor, row, {**body, "count": body.get("orders", 0)}, seed)
        return json_response({"account_id": row["id"], "orders": len(created)}, 201)

    def _patch_account(self, request: Request) -> Response:
        values = _read_account_fields(request.json)
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            store.update_account(cursor, account["id"], values)
        return json_response({"account_id": account["id"]})

    def _add_app(self, request: Request) -> Response:
        body = request.json
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            app = store.add_app(
                cursor, account["id"], str(body.get("name", "Aplicativo")), str(body["redirect_uri"])
            )
        return json_response(describe_app(app, request.base_url), 201)

    def _list_integrations(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            rows = store.list_integrations(cursor, account["id"])
        return json_response([sender_control.describe_integration(row) for row in rows])

    def _add_integration(self, request: Request) -> Response:
        with self._store.transaction(durable=True) as cursor:
            account = self._account(cursor, request)
            name = str(request.json.get("name", "Integração"))
            row = store.add_integration(cursor, account["id"], name)
        return json_response(sender_control.describe_integration(row), 201)

    # -- orders ----------------------------------------------------------------------------------------

    def _create_orders(self, cursor: Cursor, account: Row, body: dict[str, Any], seed: str) -> list[Row]:
        count = int(body.get("count", 1))
        if not 0 <= count <= MAX_ORDERS:
            raise BadRequest(f"count must be 0 to {MAX_ORDERS}")
        with_notas = body.get("with_invoices")
        situacoes = body.get("situacoes")
        if situacoes is None and with_notas is not None:
            # Situações that the platform imports at its first read, with or without a nota.
            situacoes = (1, 7, 5) if with_notas else (3, 4)
        if situacoes is not None:
            situacoes = tuple(_read_situacao(value) for value in situacoes)
        return pedidos.create_pedidos(
            cursor,
            account,
            count,
            seed,
            int(body.get("since_days", 6)),
            situacoes=situacoes,
            with_notas=with_notas,
        )

    def _list_orders(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            rows = store.list_truth(cursor, account["id"])
        return json_response(rows)

    def _add_orders(self, request: Request) -> Response:
        body = request.json
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            seed = str(body.get("seed", f"control/{account['last_pedido']}"))
            if "count" in body:
                created = self._create_orders(cursor, account, body, seed)
            else:
                moment = store.get_now(cursor)
                situacao = _read_situacao(body.get("situacao", 3))
                made = data.make_pedido(account, seed, moment, situacao, moment)
                # What the caller does not ask for is not there: no tracking because of the situação.
                made.update(codigo_rastreamento="", url_rastreamento="")
                created = store.add_pedidos(cursor, account["id"], [made])
                changes = {name: value for name, value in body.items() if name not in ("situacao", "seed")}
                self._apply(cursor, account, created[0]["id"], changes)
            ids = [row["id"] for row in created]
            truth = [row for row in store.list_truth(cursor, account["id"]) if row["id"] in set(ids)]
        return json_response(truth, 201)

    def _patch_order(self, request: Request) -> Response:
        order_id = int(request.params["order"])
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            if request.json.get("delete"):
                if store.get_pedido(cursor, account["id"], order_id) is None:
                    raise NotFound("no such order")
                store.delete_pedido(cursor, account["id"], order_id)
                return json_response({"id": order_id, "deleted": True})
            self._apply(cursor, account, order_id, request.json)
            truth = [row for row in store.list_truth(cursor, account["id"]) if row["id"] == order_id]
        return json_response(truth[0])

    def _apply(self, cursor: Cursor, account: Row, order_id: int, changes: dict[str, Any]) -> None:
        """Change one order: dados first (a nota copies them), then nota, tracking, situação, dates."""

        def current() -> Row:
            row = store.get_pedido(cursor, account["id"], order_id, lock=True)
            if row is None:
                raise NotFound("no such order")
            return row

        current()
        nested = {name: changes[name] for name in NESTED_PARTS if name in changes}
        if "numeroPedidoEcommerce" in changes:
            number = changes["numeroPedidoEcommerce"]
            nested = pedidos.merge(nested, {"ecommerce": {"numeroPedidoEcommerce": number}})
        if nested:
            pedidos.change_dados(cursor, current(), nested)
        if changes.get("nota"):
            options = changes["nota"] if isinstance(changes["nota"], dict) else {}
            nota = pedidos.issue_nota(cursor, account, current(), int(options.get("situacao", 6)))
            if options.get("origem", True) is not True:
                origin = options["origem"] or {"id": "0", "tipo": "venda"}
                store.update_nota(cursor, nota["id"], {"dados": {**nota["dados"], "origem": origin}})
        if changes.get("tracking"):
            tracking = changes["tracking"]
            if tracking is True:
                code, address = pedidos.invent_tracking(current())
            elif isinstance(tracking, dict):
                code, address = str(tracking.get("code", "")), str(tracking.get("url", ""))
            else:
                code, address = str(tracking), ""
            pedidos.set_tracking(cursor, current(), code, address)
        if "situacao" in changes:
            new = int(changes["situacao"])
            is_new = new in data.SITUACOES_NOVAS
            pedidos.change_situacao(cursor, current(), new if is_new else _read_situacao(new))
        columns: dict[str, Any] = {}
        days = {"data": "data", "dataPrevista": "data_prevista", "dataEnvio": "data_envio"}
        for name, column in days.items():
            if name in changes:
                columns[column] = date.fromisoformat(changes[name]) if changes[name] else None
        if "vezes" in changes:
            columns["vezes"] = int(changes["vezes"])
        if columns:
            store.update_pedido(cursor, order_id, columns, store.get_now(cursor))
        if "atualizado_em" in changes:
            store.update_pedido(cursor, order_id, {}, changes["atualizado_em"])

    # -- products --------------------------------------------------------------------------------------

    def _list_products(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            rows = catalog.list_truth(cursor, self._account(cursor, request))
        return json_response(rows)

    def _add_products(self, request: Request) -> Response:
        body = request.json
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            if "count" not in body:
                ids = [produtos.add_produto(cursor, account, body)]
                return json_response(catalog.list_truth(cursor, account, ids), 201)
            count, kinds = int(body["count"]), "".join(body.get("kinds") or assortment.MIXTURE)
            if not 0 <= count <= MAX_PRODUCTS or not set(kinds) <= set(catalog.KINDS):
                raise BadRequest(
                    f"count must be 0 to {MAX_PRODUCTS}, kinds letters of {''.join(catalog.KINDS)}"
                )
            made = catalog.add_products(cursor, account, count, kinds, problems=bool(body.get("problems")))
            problems = {row["id"]: row["problem"] for row in made}
            truth = catalog.list_truth(cursor, account, problems)
        return json_response([{**row, "problem": problems[row["id"]]} for row in truth], 201)

    def _patch_product(self, request: Request) -> Response:
        product_id = int(request.params["product"])
        fields = request.json
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            try:
                if fields.pop("delete", False):
                    fields["situacao"] = "E"
                produtos.change_produto(cursor, account, product_id, fields)
            except LookupError as error:
                raise NotFound(str(error)) from None
            truth = catalog.list_truth(cursor, account, [product_id])
        return json_response(truth[0])

    def _send_product(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            try:
                produtos.send_produto(cursor, self._account(cursor, request), int(request.params["product"]))
            except LookupError as error:
                raise NotFound(str(error)) from None
        return json_response({"queued": True})

    def _set_stock(self, request: Request) -> Response:
        """Many at once: [{id, saldo, deposito}], in one transaction."""
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            try:
                produtos.set_saldos(cursor, account, request.json_list)
            except LookupError as error:
                raise NotFound(str(error)) from None
        return json_response({"changed": len(request.json_list)})

    def _save_deposito(self, request: Request) -> Response:
        body = request.json
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            disregards = bool(body.get("desconsiderar", False))
            row = catalog.save_deposito(cursor, account, str(body["nome"]), disregards=disregards)
        return json_response(row, 201)

    def _save_lista(self, request: Request) -> Response:
        body = request.json
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            known = {row["id"]: row for row in catalog.list_all(cursor, account)}
            values = {
                "descricao": str(body["descricao"]),
                "acrescimoDesconto": float(body.get("acrescimoDesconto", 0)),
                "excecoes": [
                    {
                        "idProduto": int(row["idProduto"]),
                        "codigo": known[int(row["idProduto"])]["sku"],
                        "preco": float(row["preco"]),
                        "precoPromocional": float(row.get("precoPromocional", 0)),
                    }
                    for row in body.get("excecoes", [])
                ],
            }
            lista = catalog.save_lista(cursor, account, values)
        return json_response(lista, 201)

    # -- calls and tokens ------------------------------------------------------------------------------

    def _list_calls(self, request: Request) -> Response:
        path = request.query.get("path", "")
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            calls = store.list_calls(cursor, account["id"], path)
        calls.reverse()
        counts: dict[str, int] = {}
        statuses: dict[str, int] = {}
        for call in calls:
            counts[call["route"]] = counts.get(call["route"], 0) + 1
            statuses[str(call["status"])] = statuses.get(str(call["status"]), 0) + 1
            call["ms"] = float(call["ms"])
        return json_response({"total": len(calls), "counts": counts, "statuses": statuses, "calls": calls})

    def _clear_calls(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            return json_response({"cleared": store.clear_calls(cursor, account["id"])})

    def _show_counters(self, request: Request) -> Response:
        """How many calls were made, which were refused and why, and the busiest spans of time."""
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            rows = store.count_causes(cursor, account["id"])
            busiest = {
                "reads_per_minute": store.count_busiest(cursor, account["id"], 60, kind="read"),
                "writes_per_minute": store.count_busiest(cursor, account["id"], 60, kind="write"),
                "v2_per_minute": store.count_busiest(cursor, account["id"], 60, kind="v2"),
                "calls_per_second": store.count_busiest(cursor, account["id"], 1),
            }
        refused = dict.fromkeys((*quota.SECONDS, quota.V2_CONCURRENT), 0)
        totals = dict.fromkeys(("read", "write", "v2"), 0)
        injected: dict[str, int] = {}
        for row in rows:
            totals[row["kind"]] += row["total"]
            kind, _, bucket = row["cause"].partition(":")
            if kind == "quota":
                refused[bucket] += row["total"]
            elif kind == "fault":
                # Under v2 the status says nothing.
                code = row["codigo_erro"]
                name = f"v2_code_{code}" if code else str(row["status"])
                injected[name] = injected.get(name, 0) + row["total"]
        return json_response(
            {
                "reads": totals["read"],
                "writes": totals["write"],
                "v2": totals["v2"],
                "refused": refused,
                "unauthorized": sum(row["total"] for row in rows if row["cause"] == "token"),
                "injected": injected,
                "busiest": busiest,
            }
        )

    def _consume_quota(self, request: Request) -> Response:
        bucket, count = request.json.get("bucket", "read"), int(request.json["count"])
        if bucket not in quota.SECONDS or not 0 <= count <= MAX_CONSUMED:
            raise BadRequest(f"bucket must be one of {', '.join(quota.SECONDS)}, count 0 to {MAX_CONSUMED}")
        with self._store.transaction() as cursor:
            account = self._account(cursor, request)
            return json_response({"remaining": quota.consume(cursor, account, bucket, count)})

    def _count_token_calls(self, request: Request) -> Response:
        client_id = request.query.get("client_id")
        with self._store.transaction() as cursor:
            rows = store.count_token_calls(cursor, [client_id] if client_id else None)
        counts: dict[str, dict[str, int]] = {}
        for row in rows:
            outcomes = counts.setdefault(row["grant_type"], {})
            outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + row["total"]
        total = sum(row["total"] for row in rows)
        return json_response({"total": total, "counts": counts})

    def _change_tokens(self, request: Request) -> Response:
        client_id = str(request.json["client_id"])
        action = request.json["action"]
        with self._store.transaction(durable=True) as cursor:
            if store.get_app(cursor, client_id) is None:
                raise NotFound("no such client")
            if action == "expire_access":
                changed = store.expire_tokens(cursor, client_id, "access")
            elif action == "expire_refresh":
                changed = store.expire_tokens(cursor, client_id, "refresh")
            elif action == "revoke":
                changed = store.revoke_sessions(cursor, client_id)
            else:
                raise BadRequest("action must be expire_access, expire_refresh or revoke")
        return json_response({"changed": changed})

    def _change_token_v2(self, request: Request) -> Response:
        """``token`` names the one that holds, or held last; ``action`` revokes or regenerates it."""
        action = request.json["action"]
        if action not in ("revoke", "regenerate"):
            raise BadRequest("action must be revoke or regenerate")
        with self._store.transaction(durable=True) as cursor:
            owner = store.find_token_v2(cursor, str(request.json["token"]))
            if owner is None:
                raise NotFound("no such token")
            account_id, integration_id = owner["account_id"], owner["integration_id"]
            if action == "regenerate":
                return json_response({"token": store.renew_token_v2(cursor, account_id, integration_id)})
            return json_response({"revoked": store.revoke_token_v2(cursor, account_id, integration_id)})

    def _authorize(self, request: Request) -> Response:
        body = request.json
        values = {
            name: str(body[name])
            for name in ("client_id", "redirect_uri", "state", "code_challenge", "scope")
            if body.get(name)
        }
        values["code_challenge_method"] = "S256"
        account_id = body.get("account_id")
        with self._store.transaction(durable=True) as cursor:
            if account_id is not None and store.get_account(cursor, int(account_id)) is None:
                raise NotFound("no such account")
            address = self._oauth.authorize(cursor, values, request.base_url, account_id)
        return json_response({"redirect_to": address})

    # -- faults ----------------------------------------------------------------------------------------

    def _add_fault(self, request: Request) -> Response:
        body = request.json
        after = int(body["k"]) - 1 if "k" in body else int(body.get("after", 0))
        with self._store.transaction() as cursor:
            fault_id = store.add_fault(
                cursor,
                body.get("account_id"),
                faults.normalize_route(str(body["route"])),
                after,
                faults.ENDLESS if body.get("times", 1) is None else int(body.get("times", 1)),
                faults.read_action(body),
                faults.read_parameters(body),
            )
        return json_response({"fault_id": fault_id}, 201)

    def _list_faults(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            return json_response(store.list_faults(cursor))

    def _clear_faults(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            return json_response({"cleared": store.clear_faults(cursor)})

    def _delete_fault(self, request: Request) -> Response:
        with self._store.transaction() as cursor:
            if not store.delete_fault(cursor, int(request.params["fault"])):
                raise NotFound("no such fault")
        return json_response({"deleted": True})

    def _account(self, cursor: Cursor, request: Request) -> Row:
        account = store.get_account(cursor, int(request.params["account"]))
        if account is None:
            raise NotFound("no such account")
        return account


def describe_app(app: Row, base_url: str) -> dict[str, str]:
    """What a seller copies from the panel: client id, secret, redirect address, invitation link."""
    return {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": app["redirect_uri"],
        "invite_url": f"{base_url}/convite/{app['client_id']}",
    }


def _describe_clock(cursor: Cursor) -> dict[str, Any]:
    return {
        "now": store.get_now(cursor).isoformat(),
        "offset_seconds": store.get_clock_offset(cursor),
        "frozen": store.is_clock_frozen(cursor),
    }


def _read_account_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Columns of an account from the fields that the body has."""
    values: dict[str, Any] = {}
    for name, column in ACCOUNT_FIELDS.items():
        if name not in body:
            continue
        if name in ("window", "quota_headers"):
            allowed = quota.WINDOWS if name == "window" else quota.HEADERS
            if body[name] not in allowed:
                raise BadRequest(f"{name} must be one of {', '.join(allowed)}")
            values[column] = body[name]
        else:
            values[column] = bool(body[name]) if name in SWITCHES else int(body[name])
    return values


def _read_situacao(value: Any) -> int:
    situacao = int(value)
    if situacao not in data.SITUACOES:
        raise BadRequest("unknown situacao")
    return situacao
