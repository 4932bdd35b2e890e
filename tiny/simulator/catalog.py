"""An account's products, their stock and prices, and what they refer to.

The catalogue is made when it is first asked for. Brands, categories, depósitos and lists of prices are few:
they stand in columns of the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json, execute_values

from . import assortment, data, store
from .pedidos import merge
from .store import Cursor, Row

FIRST_ID = 350_000_000
# Behind the simple products, with room between the rows for those that faults put in.
FIRST_OTHER_ID = 350_001_000
LAST_OTHER_ID = 350_999_999
# An order holds stock back from the moment somebody paid until the stock is written off.
RESERVING = (3, 4, 1, 7)
SEPARATOR = " >> "
COLUMNS = ("sku", "descricao", "gtin", "tipo", "pai_id", "situacao", "preco", "preco_promocional", "dados")
KINDS = ("S", "V", "K", "F", "M")
# As what the change of a column is notified; that a product comes, goes or sleeps is no event.
TOLD = {
    "preco": "preco",
    "preco_promocional": "preco",
    **dict.fromkeys(("sku", "descricao", "gtin", "tipo", "pai_id", "dados"), "produto"),
}


@dataclass(frozen=True)
class Amount:
    """Of one product in one depósito."""

    deposito: Row
    saldo: float
    reservado: float
    disponivel: float


class Unmovable(Exception):
    """The stock of a kit and of a product with variations is that of its parts."""


# -- products ------------------------------------------------------------------------------------------


def ensure_products(cursor: Cursor, account: Row) -> None:
    """Make the account's products unless it has them; ids of the simple ones are those that its orders name.

    ``account`` then has their brands and categories.
    """
    if not account["has_catalogue"]:
        return
    cursor.execute(
        "SELECT EXISTS (SELECT FROM produto WHERE account_id = %s AND id BETWEEN %s AND %s) AS is_made",
        (account["id"], FIRST_OTHER_ID, LAST_OTHER_ID),
    )
    row = cursor.fetchone()
    if row is None or row["is_made"]:
        if not account["marcas"]:
            # Another call made them after this one had read its account.
            account.update(store.get_account(cursor, account["id"]) or {})
        return
    made = assortment.make_catalogue(account["catalogo"], account["seed"])
    simple = len(data.list_products(account["catalogo"]))
    ids = [
        FIRST_ID + place if place < simple else FIRST_OTHER_ID + 8 * (place - simple)
        for place in range(len(made))
    ]
    insert_products(cursor, account, made, ids)


def insert_products(cursor: Cursor, account: Row, made: Sequence[Row], ids: Sequence[int]) -> None:
    """Write products of ``assortment``, which name each other by place; what they lack is blank."""
    account.update(ensure_names(cursor, account, [row["dados"] for row in made]))
    marcas = {marca["descricao"]: marca["id"] for marca in account["marcas"]}
    categorias = {path: category_id for category_id, path in paths_of(account).items()}
    main, *others = account["depositos"]
    now = store.get_now(cursor)
    rows = []
    for row, product_id in zip(made, ids, strict=True):
        dados = merge(data.BLANK_PRODUCT, row["dados"])
        dados["marca"] = marcas.get(dados["marca"])
        dados["categoria"] = categorias.get(dados["categoria"])
        produced = [{**part, "id": ids[part["id"]]} for part in dados["producao"]["produtos"]]
        dados["producao"] = {**dados["producao"], "produtos": produced}
        dados["kit"] = [{**part, "id": ids[part["id"]]} for part in dados["kit"]]
        pai_id = None if row["pai"] is None else ids[row["pai"]]
        saldos = {}
        if is_stocked({**row, "pai_id": pai_id}):
            saldos = {str(deposito["id"]): row["saldo"] // 2 for deposito in others}
            saldos[str(main["id"])] = row["saldo"]
        rows.append(
            (
                account["id"], product_id, row["sku"], row["descricao"], row["gtin"], row["tipo"], pai_id,
                row["situacao"], row["preco"], row["preco_promocional"], Json(dados), Json(saldos), now, now,
            )
        )  # fmt: skip
    execute_values(
        cursor,
        f"INSERT INTO produto (account_id, id, {', '.join(COLUMNS)}, saldos, criado_em, alterado_em)"  # noqa: S608
        " VALUES %s ON CONFLICT DO NOTHING",
        rows,
        page_size=1000,
    )


def add_products(cursor: Cursor, account: Row, count: int, kinds: str, *, problems: bool) -> list[Row]:
    """Invent and write products; those that are wrong have a ``problem``, the others an empty one."""
    ensure_products(cursor, account)
    cursor.execute("SELECT count(*) AS total FROM produto WHERE account_id = %s", (account["id"],))
    total = cursor.fetchone()
    made = assortment.make_products(count, kinds, total["total"] if total else 0, problems=problems)
    ids = store.take_ids(cursor, "produto_id", len(made))
    insert_products(cursor, account, [row for row, _ in made], ids)
    return [
        {"id": product_id, "problem": problem} for product_id, (_, problem) in zip(ids, made, strict=True)
    ]


def add_product(cursor: Cursor, account: Row, values: Row) -> int:
    """Insert one product with these columns (those left out are empty) and without stock; its id."""
    ensure_products(cursor, account)
    product_id = store.take_id(cursor, "produto_id")
    row = {
        "sku": "", "descricao": "", "gtin": "", "tipo": "S", "pai_id": None, "situacao": "A", "preco": 0,
        "preco_promocional": 0, **values, "dados": merge(data.BLANK_PRODUCT, values.get("dados", {})),
    }  # fmt: skip
    cursor.execute(
        f"INSERT INTO produto (account_id, id, {', '.join(COLUMNS)}, criado_em, alterado_em)"  # noqa: S608
        f" VALUES (%s, %s, {', '.join(['%s'] * len(COLUMNS))}, clock(), clock())",
        [account["id"], product_id, *(Json(row[name]) if name == "dados" else row[name] for name in COLUMNS)],
    )
    cursor.note("produto", account["id"], product_id)
    return product_id


def change_product(cursor: Cursor, account: Row, product_id: int, values: Mapping[str, Any]) -> None:
    """Set columns (``dados`` whole) and the moment of the change."""
    (former,) = _select(cursor, account, "id = %s", product_id) or [{}]
    sets = [f"{name} = %s" for name in values]
    cursor.execute(
        f"UPDATE produto SET {', '.join([*sets, 'alterado_em = clock()'])} WHERE account_id = %s AND id = %s",  # noqa: S608
        [
            *(Json(value) if isinstance(value, dict) else value for value in values.values()),
            account["id"],
            product_id,
        ],
    )
    for name, value in values.items():
        if former.get(name) != value and name in TOLD:
            cursor.note(TOLD[name], account["id"], product_id)


def date_change(cursor: Cursor, account: Row, product_id: int, moment: str) -> None:
    """Give a product another moment of its last change."""
    cursor.execute(
        "UPDATE produto SET alterado_em = %s WHERE account_id = %s AND id = %s",
        (moment, account["id"], product_id),
    )


def delete_product(cursor: Cursor, account: Row, row: Row) -> None:
    """A product that is deleted is one of situação E, with its variations."""
    for one in (row, *list_children(cursor, account, row["id"])):
        change_product(cursor, account, one["id"], {"situacao": "E"})


def set_price(cursor: Cursor, account: Row, product_id: int, price: float, promotional: float) -> None:
    change_product(cursor, account, product_id, {"preco": price, "preco_promocional": promotional})


def get_product(cursor: Cursor, account: Row, product_id: int, *, lock: bool = False) -> Row | None:
    ensure_products(cursor, account)
    rows = _select(cursor, account, "id = %s", product_id, "FOR UPDATE" if lock else "")
    return rows[0] if rows else None


def find_by_sku(cursor: Cursor, account: Row, sku: str) -> Row | None:
    ensure_products(cursor, account)
    rows = _select(cursor, account, "sku = %s AND situacao <> 'E'", sku, "ORDER BY id LIMIT 1")
    return rows[0] if rows else None


def list_children(cursor: Cursor, account: Row, product_id: int) -> list[Row]:
    """The variations that were not deleted."""
    return _select(cursor, account, "pai_id = %s AND situacao <> 'E'", product_id, "ORDER BY id")


def list_parts(cursor: Cursor, account: Row, parts: Sequence[Row]) -> list[tuple[Row, float]]:
    """Product and quantity of each part of a kit or a manufactured product."""
    found = {
        row["id"]: row for row in _select(cursor, account, "id = ANY(%s)", [part["id"] for part in parts])
    }
    return [(found[part["id"]], part["quantidade"]) for part in parts if part["id"] in found]


def list_all(cursor: Cursor, account: Row) -> list[Row]:
    ensure_products(cursor, account)
    return _select(cursor, account, "%s", True, "ORDER BY id")


def list_by_ids(cursor: Cursor, account: Row, ids: Iterable[int]) -> list[Row]:
    return _select(cursor, account, "id = ANY(%s)", list(ids), "ORDER BY id")


def _select(cursor: Cursor, account: Row, condition: str, value: Any, rest: str = "") -> list[Row]:
    cursor.execute(
        f"SELECT * FROM produto WHERE account_id = %s AND {condition} {rest}",  # noqa: S608
        (account["id"], value),
    )
    return [dict(row) for row in cursor.fetchall()]


def variation_of(row: Row) -> str:
    """P for a parent, V for a variation, N for the others."""
    if row["pai_id"] is not None:
        return "V"
    return "P" if row["tipo"] == "V" else "N"


# -- stock ---------------------------------------------------------------------------------------------


def move_stock(
    cursor: Cursor, account: Row, row: Row, kind: str, quantity: float, deposito: Row | None = None
) -> int:
    """B sets, E adds, S subtracts (below zero too); the id of the entry. A repeated one counts twice.

    Without a depósito it is the account's first one. Raises Unmovable.
    """
    if not is_stocked(row):
        raise Unmovable
    key = str((deposito or account["depositos"][0])["id"])
    change = {
        "B": "%(quantity)s::double precision",
        "E": "coalesce((saldos->>%(key)s)::double precision, 0) + %(quantity)s",
        "S": "coalesce((saldos->>%(key)s)::double precision, 0) - %(quantity)s",
    }[kind]
    touched = ", alterado_em = clock()" if account["stock_touches_product"] else ""
    cursor.execute(
        f"UPDATE produto SET saldos = saldos || jsonb_build_object(%(key)s::text, {change}) {touched}"  # noqa: S608
        " WHERE account_id = %(account)s AND id = %(id)s",
        {"key": key, "quantity": quantity, "account": account["id"], "id": row["id"]},
    )
    cursor.note("estoque", account["id"], row["id"])
    return store.take_id(cursor, "lancamento_id")


def list_moved(cursor: Cursor, account: Row, product_id: int, quantity: float) -> list[tuple[Row, float]]:
    """What leaves the stock for so many of a product: itself, of a kit its parts, of nothing nothing."""
    row = get_product(cursor, account, product_id)
    if row is None:
        return []
    pairs = [(row, 1.0)] if is_stocked(row) else list_parts(cursor, account, row["dados"]["kit"])
    return [(part, needed * quantity) for part, needed in pairs if is_stocked(part)]


def is_stocked(row: Row) -> bool:
    """Whether a product has a stock of its own."""
    return row["tipo"] != "K" and variation_of(row) != "P"


def list_stock(cursor: Cursor, account: Row, rows: Sequence[Row]) -> dict[int, list[Amount]]:
    """What each product has in each depósito of the account.

    A product with variations has the sum of them, a kit as many as its parts allow. Measured: without the
    module of reservations reserved and available are 0, whatever there is. Orders hold back in the first one.
    """
    parents = [row["id"] for row in rows if variation_of(row) == "P"]
    children: dict[int, list[Row]] = {}
    if parents:
        for child in _select(cursor, account, "pai_id = ANY(%s) AND situacao <> 'E'", parents):
            children.setdefault(child["pai_id"], []).append(child)
    wanted = {part["id"] for row in rows if row["tipo"] == "K" for part in row["dados"]["kit"]}
    parts = (
        {row["id"]: row for row in _select(cursor, account, "id = ANY(%s)", list(wanted))} if wanted else {}
    )
    held = _count_held(cursor, account)

    def count(row: Row, key: str) -> float:
        if variation_of(row) == "P":
            return float(sum(child["saldos"].get(key, 0) for child in children.get(row["id"], [])))
        if row["tipo"] != "K":
            return float(row["saldos"].get(key, 0))
        pairs = [
            (parts[part["id"]], part["quantidade"]) for part in row["dados"]["kit"] if part["id"] in parts
        ]
        return min((part["saldos"].get(key, 0) // needed for part, needed in pairs if needed), default=0)

    def describe(row: Row, deposito: Row, *, is_first: bool) -> Amount:
        saldo = plain(count(row, str(deposito["id"])))
        if not account["reserves_stock"]:
            return Amount(deposito, saldo, 0, 0)
        family = [row, *children.get(row["id"], [])]
        reserved = plain(sum(held.get(one["id"], 0) for one in family)) if is_first else 0
        return Amount(deposito, saldo, reserved, saldo - reserved)

    return {
        row["id"]: [
            describe(row, deposito, is_first=place == 0)
            for place, deposito in enumerate(account["depositos"])
        ]
        for row in rows
    }


def total_of(amounts: Iterable[Amount]) -> Row:
    """The root's saldo, reservado and disponivel: depósitos that are to be disregarded do not count."""
    counted = [amount for amount in amounts if not amount.deposito["desconsiderar"]]
    return {
        name: sum(getattr(amount, name) for amount in counted)
        for name in ("saldo", "reservado", "disponivel")
    }


def plain(value: float) -> float:
    """Without the decimals that are none."""
    return int(value) if value == int(value) else value


def _count_held(cursor: Cursor, account: Row) -> dict[int, float]:
    """How many of each product open orders hold back."""
    if not account["reserves_stock"]:
        return {}
    cursor.execute(
        "SELECT (item->'produto'->>'id')::bigint AS id, sum((item->>'quantidade')::double precision) AS held"
        " FROM pedido, jsonb_array_elements(dados->'itens') AS item"
        " WHERE account_id = %s AND NOT estoque_lancado AND situacao = ANY(%s) GROUP BY 1",
        (account["id"], list(RESERVING)),
    )
    return {row["id"]: row["held"] for row in cursor.fetchall()}


# -- what products refer to ----------------------------------------------------------------------------


def ensure_names(cursor: Cursor, account: Row, dados: Iterable[Mapping[str, Any]]) -> Row:
    """Add the brands and categories that are named and not there yet; the account as it is then."""
    wanted = {(name, row[name]) for row in dados for name in ("marca", "categoria") if row.get(name)}
    known = {("marca", marca["descricao"]) for marca in account["marcas"]}
    known |= {("categoria", path) for path in paths_of(account).values()}
    if wanted <= known:
        return account
    account = store.lock_account(cursor, account["id"])
    for name, text in sorted(wanted):
        if name == "marca":
            _ensure_marca(cursor, account, text)
        else:
            _ensure_categoria(cursor, account, text)
    changed = {name: account[name] for name in ("marcas", "categorias")}
    store.update_account(cursor, account["id"], changed)
    return account


def find_marca(cursor: Cursor, account: Row, text: str) -> int | None:
    """The id of a brand by its name, which is added where it is new; None for no name."""
    account.update(ensure_names(cursor, account, [{"marca": text}]))
    return next((marca["id"] for marca in account["marcas"] if marca["descricao"] == text), None)


def find_categoria(cursor: Cursor, account: Row, path: str) -> int | None:
    """The id of a category by its path («Casa >> Cozinha»), which is added where it is new; None for none."""
    account.update(ensure_names(cursor, account, [{"categoria": path}]))
    return next((category_id for category_id, known in paths_of(account).items() if known == path), None)


def _ensure_marca(cursor: Cursor, account: Row, text: str) -> None:
    if all(marca["descricao"] != text for marca in account["marcas"]):
        account["marcas"].append({"id": store.take_id(cursor, "cadastro_id"), "descricao": text})


def _ensure_categoria(cursor: Cursor, account: Row, path: str) -> None:
    names = path.split(SEPARATOR)
    for depth in range(1, len(names) + 1):
        ids = {known: category_id for category_id, known in paths_of(account).items()}
        if SEPARATOR.join(names[:depth]) not in ids:
            account["categorias"].append(
                {
                    "id": store.take_id(cursor, "cadastro_id"),
                    "pai": ids.get(SEPARATOR.join(names[: depth - 1])),
                    "descricao": names[depth - 1],
                }
            )


def paths_of(account: Row) -> dict[int, str]:
    """Each category's way from the root: «Casa >> Cozinha»."""
    rows = {row["id"]: row for row in account["categorias"]}

    def path(row: Row) -> str:
        above = rows.get(row["pai"])
        return row["descricao"] if above is None else f"{path(above)}{SEPARATOR}{row['descricao']}"

    return {category_id: path(row) for category_id, row in rows.items()}


def show_tree(account: Row, pai: int | None = None) -> list[Row]:
    """The categories as v3 nests them."""
    return [
        {"id": row["id"], "descricao": row["descricao"], "filhas": show_tree(account, row["id"])}
        for row in account["categorias"]
        if row["pai"] == pai
    ]


def marca_of(account: Row, row: Row) -> Row:
    """Id and name; 0 and empty for none."""
    wanted = row["dados"].get("marca")
    found = next((marca for marca in account["marcas"] if marca["id"] == wanted), None)
    return {"id": found["id"], "nome": found["descricao"]} if found else {"id": 0, "nome": ""}


def categoria_of(account: Row, row: Row) -> Row:
    wanted = row["dados"].get("categoria")
    path = paths_of(account).get(wanted, "")
    return {"id": wanted if path else 0, "nome": path.rpartition(SEPARATOR)[2], "caminhoCompleto": path}


def condition_of(lista: Row) -> tuple[str, Any]:
    """For the rows of products that a list names; its percentage is for the others."""
    return "id = ANY(%s)", [exception["idProduto"] for exception in lista["excecoes"]]


def price_in(lista: Row, row: Row) -> tuple[float, float]:
    """Price and promotional price of a product that a list names."""
    found = next(exception for exception in lista["excecoes"] if exception["idProduto"] == row["id"])
    return found["preco"], found["precoPromocional"]


def save_deposito(cursor: Cursor, account: Row, nome: str, *, disregards: bool) -> Row:
    """Add a depósito, or change the one of this name."""
    account = store.lock_account(cursor, account["id"])
    known = next((one for one in account["depositos"] if one["nome"] == nome), None)
    deposito = known or {"id": store.take_id(cursor, "cadastro_id"), "nome": nome}
    deposito["desconsiderar"] = disregards
    depositos = account["depositos"] if known else [*account["depositos"], deposito]
    store.update_account(cursor, account["id"], {"depositos": depositos})
    return deposito


def save_lista(cursor: Cursor, account: Row, values: Row) -> Row:
    """Add a list of prices, or put another in the place of the one of this name, whose id stays."""
    account = store.lock_account(cursor, account["id"])
    others = [lista for lista in account["listas_precos"] if lista["descricao"] != values["descricao"]]
    known = next((lista for lista in account["listas_precos"] if lista not in others), None)
    lista = {"id": known["id"] if known else store.take_id(cursor, "cadastro_id"), **values}
    listas = sorted([*others, lista], key=lambda lista: int(lista["id"]))
    store.update_account(cursor, account["id"], {"listas_precos": listas})
    return lista


# -- the truth -----------------------------------------------------------------------------------------


def list_truth(cursor: Cursor, account: Row, ids: Iterable[int] | None = None) -> list[Row]:
    """What a perfect reader would know of the account's products, or of those with these ids."""
    ensure_products(cursor, account)
    fresh = store.get_account(cursor, account["id"]) or account
    rows = list_all(cursor, fresh) if ids is None else list_by_ids(cursor, fresh, ids)
    stock = list_stock(cursor, fresh, rows)
    paths = paths_of(fresh)
    return [_describe(fresh, row, stock[row["id"]], paths) for row in rows]


def _describe(account: Row, row: Row, amounts: Sequence[Amount], paths: Mapping[int, str]) -> Row:
    dados = row["dados"]
    return {
        **dados,
        "id": row["id"],
        "sku": row["sku"],
        "descricao": row["descricao"],
        "tipo": row["tipo"],
        "tipoVariacao": variation_of(row),
        "idProdutoPai": row["pai_id"],
        "situacao": row["situacao"],
        "gtin": row["gtin"],
        "preco": row["preco"],
        "precoPromocional": row["preco_promocional"],
        "marca": marca_of(account, row)["nome"],
        "categoria": paths.get(dados["categoria"], ""),
        **total_of(amounts),
        "depositos": [
            {
                "id": amount.deposito["id"],
                "nome": amount.deposito["nome"],
                "desconsiderar": amount.deposito["desconsiderar"],
                "saldo": amount.saldo,
                "reservado": amount.reservado,
                "disponivel": amount.disponivel,
            }
            for amount in amounts
        ],
        "criado_em": row["criado_em"],
        "alterado_em": row["alterado_em"],
    }
