"""Invents products of every kind, the same ones for the same account and place.

Nothing here touches the database. A product is a dictionary of columns for ``catalog.insert_products``;
what no list filters by stands in ``dados``, in v3's names. Brands and categories are named, not numbered, and
products name each other (``pai``, ``kit``, ``producao``) by their place in the list that is made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import data
from .vocabulary import BRANDS, GOODS_DETAILS, MATERIALS, NOUNS, Product

Row = dict[str, Any]

IMAGES = "https://cdn.example.com/produtos"
# Of the list that is invented: one family of variations, one kit and one manufactured product in twenty rows.
MIXTURE = "SSSSMSSSVSSSKSSSSFSS"
COLOURS = ("Azul", "Preta", "Verde")
SIZES = ("P", "M", "G")
HOSTILE = (
    '<script>alert("Tiny")</script>',
    '<p onclick="location=\'https://evil.example\'" style="position:fixed;inset:0">Clique aqui</p>',
    '<img src="x" onerror="alert(1)"><a href="javascript:alert(2)">Veja mais</a>',
    '<iframe src="https://evil.example/"></iframe><style>body { display: none }</style>',
)
# Rows that a person has to look at, by what is wrong with them.
PROBLEMS = (
    "empty_sku", "duplicate_sku", "duplicate_sku", "no_children", "price_zero", "price_one_cent", "no_ncm",
)  # fmt: skip


def make_product(sku: str, descricao: str, preco: float, **fields: Any) -> Row:
    """A product: ``dados`` in ``fields`` is laid over what every product has, other fields are columns."""
    row: Row = {
        "sku": sku,
        "descricao": descricao,
        "gtin": "",
        "tipo": "S",
        "pai": None,
        "situacao": "A",
        "preco": preco,
        "preco_promocional": 0,
        "saldo": 0,
        "dados": {},
    }
    return {**row, **fields}


def make_dados(
    seed: str, ncm: str, weight: float, marca: str, categoria: str, sku: str, descricao: str, place: int
) -> Row:
    """Description as HTML (hostile in every fourth), packing, pictures of both kinds."""
    rng = random.Random(f"{seed}/{sku}/{place}")  # noqa: S311
    picture = f"{IMAGES}/{sku.lower() or place}"
    return {
        "ncm": ncm,
        "marca": marca,
        "categoria": categoria,
        "descricaoComplementar": f"<p><strong>{descricao}</strong></p><ul><li>Marca {marca or 'própria'}</li>"
        f"<li>Peso {weight} kg</li></ul>{HOSTILE[place // 4 % len(HOSTILE)] if place % 4 == 3 else ''}",
        "garantia": rng.choice(("", "", "3 meses", "12 meses")),
        "precoCusto": 0,
        "dimensoes": {
            "largura": rng.randint(8, 60),
            "altura": rng.randint(4, 40),
            "comprimento": rng.randint(12, 80),
            "pesoLiquido": weight,
            "pesoBruto": round(weight * 1.08, 3),
        },
        "anexos": [
            {"url": f"{picture}-{number}.jpg", "externo": number == 2}
            for number in range(1, 1 + rng.randint(0, 3))
        ],
    }


# -- the catalogue that every account has -----------------------------------------------------------------


def make_catalogue(catalogo: str, seed: str) -> list[Row]:
    """The simple products that orders name, in their order, then a few of the other kinds made with them."""
    goods = data.list_products(catalogo)
    stock = random.Random(f"stock/{seed}")  # noqa: S311
    simple = [_make_simple(product, place, stock.randint(0, 60)) for place, product in enumerate(goods)]
    return [*simple, *(_make_home(simple) if catalogo == "casa" else _make_outdoor(simple))]


def _make_simple(product: Product, place: int, saldo: int) -> Row:
    marca, categoria = GOODS_DETAILS[product.sku]
    return make_product(
        product.sku,
        product.descricao,
        product.price,
        # The prefix that GS1 keeps for use inside a company.
        gtin=data.complete_gtin(f"20{place:010d}"),
        saldo=saldo,
        preco_promocional=round(product.price * 0.9, 2) if place % 5 == 4 else 0,
        dados=make_dados(
            "catalogue", product.ncm, product.weight, marca, categoria, product.sku, product.descricao, place
        ),
    )


def _make_home(simple: Sequence[Row]) -> list[Row]:
    first = len(simple)
    family = _make_family(
        ("LEN-PER", "Jogo de lençol percal 180 fios", 189.9, "63023100", 1.4),
        ("Lume", "Casa >> Cama e banho"),
        {"Tamanho": ("Solteiro", "Casal", "Queen"), "Cor": ("Branco", "Areia")},
        first,
    )
    parts = ((_at(simple, "FAC-CHEF-8"), 1), (_at(simple, "POT-VID-10"), 1))
    kit = _make_kit(
        "KIT-MESA", "Kit cozinha: faca e potes", 259.9, parts, ("Panela Brava", "Casa >> Cozinha"), 900
    )
    factory = _make_factory(
        ("VEL-AROM", "Vela aromática artesanal 200 g", 59.9, "34060000", 0.3),
        (("CERA-SOJA", "Cera de soja, kg", 0.2), ("PAV-ALG", "Pavio de algodão", 1)),
        ("Lume", "Casa >> Decoração"),
        ("Derreter a cera", "Verter e curar"),
        first + len(family) + 1,
    )
    return [*family, kit, *factory]


def _make_outdoor(simple: Sequence[Row]) -> list[Row]:
    first = len(simple)
    family = _make_family(
        ("CAM-DRY", "Camiseta dry fit", 89.9, "61099000", 0.2),
        ("Serra Alta", "Roupas >> Camisetas"),
        {"Tamanho": SIZES, "Cor": ("Azul", "Preta")},
        first,
    )
    parts = ((_at(simple, "BAR-2P-ULT"), 1), (_at(simple, "SAC-DOR-0C"), 2))
    kit = _make_kit(
        "KIT-CAMP", "Kit acampamento para dois", 1990.0, parts,
        ("Trilha Norte", "Esporte e lazer >> Camping"), 900,
    )  # fmt: skip
    factory = _make_factory(
        ("ANC-MONT", "Ancoragem montada de 5 m", 219.9, "56075090", 0.9),
        (("CORDA-98", "Corda dinâmica 9,8 mm, metro", 5), ("MOSQ-ACO", "Mosquetão de aço", 2)),
        ("Serra Alta", "Esporte e lazer >> Trekking"),
        ("Cortar a corda", "Costurar", "Conferir"),
        first + len(family) + 1,
    )
    return [*family, kit, *factory]


def _at(rows: Sequence[Row], sku: str) -> int:
    return next(place for place, row in enumerate(rows) if row["sku"] == sku)


def _make_family(
    what: tuple[str, str, float, str, float],
    where: tuple[str, str],
    grade: Mapping[str, Sequence[str]],
    first: int,
    *,
    size: int = 99,
    gtin: str = "22",
    number: int = 0,
) -> list[Row]:
    """A parent at place ``first`` of its list, and one child for each pair of the two axes of ``grade``."""
    sku, descricao, preco, ncm, weight = what
    dados = make_dados("family", ncm, weight, *where, sku, descricao, number)
    rows = [make_product(sku, descricao, preco, tipo="V", dados=dados)]
    (one, ones), (other, others) = grade.items()
    for place, (left, right) in enumerate([(left, right) for left in ones for right in others][:size]):
        child_sku = f"{sku}-{left[:3].upper()}-{right[:2].upper()}"
        name = f"{descricao} {left} {right}"
        child = make_dados("family", ncm, weight, *where, child_sku, name, number * 10 + place)
        child["grade"] = [{"chave": one, "valor": left}, {"chave": other, "valor": right}]
        rows.append(
            make_product(
                child_sku,
                name,
                preco + 10 * place,
                pai=first,
                gtin=data.complete_gtin(f"{gtin}{number:07d}{place:03d}"),
                saldo=(number + 3) * (place + 5) % 31,
                dados=child,
            )
        )
    return rows


def _make_kit(
    sku: str,
    descricao: str,
    preco: float,
    parts: Sequence[tuple[int, float]],
    where: tuple[str, str],
    place: int,
) -> Row:
    dados = make_dados("kit", "39249000", 2.0, *where, sku, descricao, place)
    dados["kit"] = [{"id": part, "quantidade": quantity} for part, quantity in parts]
    return make_product(sku, descricao, preco, tipo="K", dados=dados)


def _make_factory(
    what: tuple[str, str, float, str, float],
    materials: Sequence[tuple[str, str, float]],
    where: tuple[str, str],
    etapas: Sequence[str],
    first: int,
) -> list[Row]:
    """Raw materials from place ``first`` of their list on, and what is made of them."""
    rows = [_make_material(sku, descricao, place) for place, (sku, descricao, _) in enumerate(materials)]
    sku, descricao, preco, ncm, weight = what
    dados = make_dados("factory", ncm, weight, *where, sku, descricao, first)
    parts = [
        {"id": first + place, "quantidade": quantity} for place, (_, _, quantity) in enumerate(materials)
    ]
    dados["producao"] = {"produtos": parts, "etapas": list(etapas)}
    return [*rows, make_product(sku, descricao, preco, tipo="F", saldo=12, dados=dados)]


def _make_material(sku: str, descricao: str, place: int) -> Row:
    dados = make_dados("material", "39269090", 1.0, "", "Matéria-prima", sku, descricao, place * 4)
    return make_product(sku, descricao, 9.9, tipo="M", saldo=200 + place % 50, dados=dados)


# -- any number of them -----------------------------------------------------------------------------------


def make_products(count: int, kinds: str, start: int, *, problems: bool) -> list[tuple[Row, str]]:
    """``count`` products in turn of the kinds (children of variations are counted), each with what is wrong.

    ``start`` is how many the account has: SKUs go on from there. ``problems`` adds those of ``PROBLEMS``.
    """
    rows: list[Row] = []
    made: dict[str, list[int]] = {kind: [] for kind in "SVKFM"}
    turns = _take_turns(kinds)
    while len(rows) < count:
        first = len(rows)
        kind = next(turns)
        family = _make_one(kind, first, start + first, made, count - first)
        made[family[0]["tipo"]].append(first)
        rows += family
    good = [(row, "") for row in rows]
    if not problems:
        return good
    return good + [(_make_problem(problem, start + count), problem) for problem in PROBLEMS]


def _take_turns(kinds: str) -> Iterator[str]:
    while True:
        yield from kinds


def _make_one(kind: str, first: int, number: int, made: dict[str, list[int]], room: int) -> list[Row]:
    """One product or family. A kit or a manufactured product whose parts are not there yet waits for one."""
    rng = random.Random(f"product/{number}")  # noqa: S311
    sku, preco = f"SIM-{number:05d}", rng.randint(990, 99_990) / 100
    noun, ncm, weight, categoria = NOUNS[number % len(NOUNS)]
    descricao = f"{noun} {MATERIALS[number // len(NOUNS) % len(MATERIALS)]} {number:05d}"
    marca = BRANDS[rng.randrange(len(BRANDS))] if number % 9 else ""
    where = (marca, categoria)
    if kind == "V" and room > 1:
        grade = {"Cor": COLOURS, "Tamanho": SIZES}
        size = min(rng.randint(2, 6), room - 1)
        return _make_family((sku, descricao, preco, ncm, weight), where, grade, first, size=size, gtin="23",
                            number=number)  # fmt: skip
    if kind == "K" and len(made["S"]) > 1:
        parts = ((made["S"][-1], 1), (made["S"][-2], 2))
        return [_make_kit(sku, f"Kit {descricao}", preco, parts, where, number)]
    dados = make_dados("product", ncm, weight, marca, categoria, sku, descricao, number)
    gtin = data.complete_gtin(f"21{number:010d}") if number % 7 else ""
    row = make_product(sku, descricao, preco, gtin=gtin, saldo=rng.randint(0, 60), dados=dados)
    if number % 6 == 5:
        row["preco_promocional"] = round(preco * 0.85, 2)
    if number % 17 == 16:
        row["situacao"] = "I"
    if kind == "M" or (kind == "F" and not made["M"]):
        row["tipo"] = "M"
    elif kind == "F":
        row["tipo"] = "F"
        parts_made = [{"id": place, "quantidade": 2.5} for place in made["M"][-2:]]
        dados["producao"] = {"produtos": parts_made, "etapas": ["Montar", "Embalar"]}
    return [row]


def _make_problem(problem: str, number: int) -> Row:
    """One of the rows that are never clean; those of one call share their number."""
    sku = "" if problem == "empty_sku" else f"{problem.upper().replace('_', '-')}-{number:05d}"
    descricao = f"Produto com problema {number:05d}"
    is_parent = problem == "no_children"
    ncm = "" if problem == "no_ncm" else "39249000"
    return make_product(
        sku,
        descricao,
        {"price_zero": 0, "price_one_cent": 0.01}.get(problem, 49.9),
        tipo="V" if is_parent else "S",
        saldo=0 if is_parent else 5,
        dados=make_dados("problem", ncm, 0.5, "", "", sku, descricao, 0),
    )
