"""The tab «Produtos»: look at products, change the brand, name, prices, situação and stock of one."""

from __future__ import annotations

from typing import Any

from . import catalog, notice_pages, outbox, produtos, store, templates
from .frame import account_page, count, find_account, money, no_account, page_number, paging
from .html import Markup, html, message_page
from .store import Cursor, Row, Store
from .web import Handler, Request, Response, redirect

TAB = "produtos"
PAGE_SIZE = 25
KINDS = {"S": "Simples", "V": "Com variações", "K": "Kit", "F": "Fabricado", "M": "Matéria-prima"}
TONES = {"A": "ok", "I": "mute", "E": "err"}
NO_NUMBER = "Informe valores em números, como 19,90."


class _NoNumber(Exception):
    pass


def list_routes(database: Store, account: str) -> list[tuple[str, str, Handler]]:
    """The routes of this tab below the account's address."""

    def show(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            return (
                no_account() if row is None else account_page(row, TAB, _list_content(cursor, row, request))
            )

    def show_one(request: Request, error: str = "") -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            if row is None:
                return no_account()
            product = catalog.get_product(cursor, row, int(request.params["product"]))
            if product is None:
                return _no_product()
            content = _product_content(cursor, row, product, request.form if error else {}, error)
        return account_page(row, TAB, content, 400 if error else 200)

    def save_dados(request: Request) -> Response:
        form = request.form
        try:
            fields: dict[str, Any] = {
                name: _read_number(form, name) for name in ("preco", "precoPromocional")
            }
        except _NoNumber:
            return show_one(request, NO_NUMBER)
        fields |= {name: form[name].strip()[:120] for name in ("descricao", "marca") if name in form}
        if not fields.get("descricao"):
            return show_one(request, "Informe o nome.")
        if form.get("situacao") in produtos.SITUACOES:
            fields["situacao"] = form["situacao"]
        return _change(request, [fields])

    def save_estoque(request: Request) -> Response:
        try:
            amounts = {
                int(name): _read_number(request.form, name) for name in request.form if name.isdecimal()
            }
        except _NoNumber:
            return show_one(request, NO_NUMBER)
        return _change(request, [{"saldo": saldo, "deposito": key} for key, saldo in amounts.items()])

    def send(request: Request) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            if row is None:
                return no_account()
            try:
                produtos.send_produto(cursor, row, int(request.params["product"]))
            except LookupError:
                return _no_product()
        return redirect(request.path.rpartition("/")[0])

    def _change(request: Request, changes: list[dict[str, Any]]) -> Response:
        with database.transaction() as cursor:
            row = find_account(cursor, request)
            if row is None:
                return no_account()
            try:
                for fields in changes:
                    produtos.change_produto(cursor, row, int(request.params["product"]), fields)
            except LookupError:
                return _no_product()
        return redirect(request.path.rpartition("/")[0])

    base = f"{account}/{TAB}"
    one = base + "/{product:int}"
    return [
        ("GET", base, show),
        ("GET", one, show_one),
        ("POST", one + "/dados", save_dados),
        ("POST", one + "/estoque", save_estoque),
        ("POST", one + "/enviar", send),
    ]


def _no_product() -> Response:
    return message_page("Produto não encontrado", "Este produto não existe nesta conta.", 404)


def _read_number(form: dict[str, str], name: str) -> float:
    """A number as it is written in Brazil; nothing is 0. Raises _NoNumber."""
    text = form.get(name, "").strip()
    text = text.replace(".", "").replace(",", ".") if "," in text else text
    try:
        number = float(text or 0)
    except ValueError:
        raise _NoNumber from None
    # No stock and no price is longer than that; neither is endless nor «not a number».
    if not abs(number) < 1e9:
        raise _NoNumber
    return catalog.plain(number)


def _show_number(value: float) -> str:
    return str(catalog.plain(value)).replace(".", ",")


# -- contents ------------------------------------------------------------------------------------------


def _list_content(cursor: Cursor, account: Row, request: Request) -> Markup:
    wanted, situacao = request.query.get("busca", "").strip(), request.query.get("situacao", "")
    conditions: list[tuple[str, Any]] = []
    if wanted:
        conditions.append(("strpos(lower(sku || ' ' || descricao), lower(%s)) > 0", wanted))
    if situacao in produtos.SITUACOES:
        conditions.append(("situacao = %s", situacao))
    place = page_number(request)
    catalog.ensure_products(cursor, account)
    rows, total = store.list_rows(
        cursor, "produto", account["id"], conditions, PAGE_SIZE, (place - 1) * PAGE_SIZE, descending=False
    )
    stock = catalog.list_stock(cursor, account, rows)
    base = f"/contas/{account['id']}/{TAB}"
    return html(
        templates.PRODUCTS,
        base=base,
        wanted=wanted,
        options=_options(situacao),
        rows=[_product_row(base, row, stock[row["id"]]) for row in rows],
        empty="" if rows else html('<p class="empty">Nenhum produto com este filtro.</p>'),
        paging=paging(place, PAGE_SIZE, total, {"busca": wanted, "situacao": situacao}, TAB),
    )


def _product_row(base: str, row: Row, amounts: list[catalog.Amount]) -> Markup:
    promotional = row["preco_promocional"]
    return html(
        templates.PRODUCT_ROW,
        base=base,
        id=row["id"],
        name=row["descricao"] or "(sem nome)",
        sku=row["sku"] or "(sem SKU)",
        kind="Variação" if row["pai_id"] else KINDS[row["tipo"]],
        situacao=_chip(row["situacao"]),
        stock=_show_number(catalog.total_of(amounts)["saldo"]),
        price=money(row["preco"]),
        promotional=f"promocional {money(promotional)}" if promotional else "",
    )


def _product_content(cursor: Cursor, account: Row, row: Row, form: dict[str, str], error: str) -> Markup:
    base = f"/contas/{account['id']}/{TAB}"
    action = f"{base}/{row['id']}"
    alert = html('<p class="alert" role="alert">{text}</p>', text=error) if error else ""
    is_of_stock = "descricao" not in form
    values = {
        "descricao": row["descricao"],
        "marca": catalog.marca_of(account, row)["nome"],
        "preco": _show_number(row["preco"]),
        "precoPromocional": _show_number(row["preco_promocional"]),
        "situacao": row["situacao"],
        **form,
    }
    return html(
        templates.PRODUCT,
        back=base,
        action=f"{action}/dados",
        error="" if is_of_stock else alert,
        name=values["descricao"],
        chip=_chip(row["situacao"]),
        marca=values["marca"],
        preco=values["preco"],
        promocional=values["precoPromocional"],
        situacoes=_options(values["situacao"]),
        stock=_stock_part(cursor, account, row, form, f"{action}/estoque", alert if is_of_stock else ""),
        facts=[
            html("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
            for name, value in _list_facts(cursor, account, row)
            if value
        ],
        mappings=_mappings_part(cursor, account, row, f"{action}/enviar"),
    )


def _mappings_part(cursor: Cursor, account: Row, row: Row, action: str) -> Markup:
    """What each platform answered when it was told of the product."""
    rows = [
        html(
            "<div><dt>{name}</dt><dd>{sku} {chip}</dd></div>",
            name=mapping["ecommerce"],
            sku=mapping["sku"],
            chip=notice_pages.mapping_chip(mapping),
        )
        for mapping in outbox.list_mappings(cursor, account["id"])
        if mapping["produto_id"] == row["id"]
    ]
    empty = html('<p class="sub">Ainda sem mapeamento.</p>')
    shown = html('<dl class="facts">{rows}</dl>', rows=rows) if rows else empty
    return html(templates.PRODUCT_MAPPINGS, rows=shown, action=action)


def _stock_part(
    cursor: Cursor, account: Row, row: Row, form: dict[str, str], action: str, alert: Markup | str
) -> Markup:
    amounts = catalog.list_stock(cursor, account, [row])[row["id"]]
    if not catalog.is_stocked(row):
        text = f"{_show_number(catalog.total_of(amounts)['saldo'])}, contados pelos componentes ou variações."
        return html('<p class="sub">{text}</p>', text=text)
    fields = [
        html(
            templates.STOCK_FIELD,
            id=amount.deposito["id"],
            nome=amount.deposito["nome"]
            + (" (não conta no saldo)" if amount.deposito["desconsiderar"] else ""),
            saldo=form.get(str(amount.deposito["id"]), _show_number(amount.saldo)),
        )
        for amount in amounts
    ]
    return html(templates.STOCK_FORM, error=alert, action=action, fields=fields)


def _list_facts(cursor: Cursor, account: Row, row: Row) -> list[tuple[str, Any]]:
    dados = row["dados"]
    children = catalog.list_children(cursor, account, row["id"])
    parts = catalog.list_parts(cursor, account, [*dados["kit"], *dados["producao"]["produtos"]])
    return [
        ("SKU", row["sku"] or "(sem SKU)"),
        ("Tipo", "Variação" if row["pai_id"] else KINDS[row["tipo"]]),
        ("GTIN", row["gtin"]),
        ("NCM", dados["ncm"]),
        ("Categoria", catalog.categoria_of(account, row)["caminhoCompleto"]),
        ("Grade", ", ".join(f"{pair['chave']} {pair['valor']}" for pair in dados["grade"])),
        ("Variações", count(len(children)) if children else ""),
        ("Componentes", ", ".join(f"{_show_number(needed)} × {part['sku']}" for part, needed in parts)),
        ("Imagens", len(dados["anexos"]) or ""),
        ("Id", row["id"]),
    ]


def _chip(situacao: str) -> Markup:
    return html(
        '<span class="chip {tone}">{text}</span>', tone=TONES[situacao], text=produtos.SITUACOES[situacao]
    )


def _options(chosen: str) -> list[Markup]:
    return [
        html(
            '<option value="{value}"{selected}>{label}</option>',
            value=value,
            label=label,
            selected=Markup(" selected") if value == chosen else "",
        )
        for value, label in produtos.SITUACOES.items()
    ]
