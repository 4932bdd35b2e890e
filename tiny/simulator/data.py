"""Invents Brazilian sellers, customers, orders and notas fiscais, the same ones for the same seed.

Nothing here touches the database. Orders and notas come out as column dictionaries for ``store``, their
nested parts already in the shapes of Tiny's OpenAPI v3.1, with the oddities that real accounts show:
padded complements, money as noisy binary floats, dates that are ``""`` here and null there.
Documents, postal codes and access keys carry right check digits (Receita Federal; NT Conjunta 2025.001).
"""

from __future__ import annotations

import random
import string
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any

from .documents import (
    CNPJ_LETTERS,
    complete_cnpj,
    complete_cpf,
    complete_s10,
    make_access_key,
    mask_cnpj,
    mask_cpf,
    normalize_document,
)
from .vocabulary import (
    CHANNEL_WEIGHTS,
    CHANNELS,
    COMPANY_KINDS,
    COMPANY_STEMS,
    COMPLEMENTS,
    ECOMMERCE_TEXTS,
    FIRST_NAMES,
    FOREIGNERS,
    FREIGHT_BY_KEY,
    FREIGHTS,
    HOME_GOODS,
    LAST_NAMES,
    OUTDOOR_GOODS,
    PLACES,
    Channel,
    Freight,
    Place,
    Product,
)

DEPOSITO = {"id": 334_779_581, "nome": "Geral"}
# ``pai`` is the category above.
CATEGORIAS = [
    {"id": 334_779_901, "pai": None, "descricao": "Casa"},
    {"id": 334_779_902, "pai": 334_779_901, "descricao": "Cozinha"},
    {"id": 334_779_903, "pai": None, "descricao": "Esporte e lazer"},
]
# What every product has besides its columns, in v3's names; brand, category and parts by their ids.
BLANK_PRODUCT: dict[str, Any] = {
    "unidade": "UN",
    "unidadePorCaixa": "1",
    "ncm": "",
    "origem": "0",
    "garantia": "",
    "observacoes": "",
    "descricaoComplementar": "",
    "marca": None,
    "categoria": None,
    "precoCusto": 0,
    "dimensoes": {
        "embalagem": {"id": None, "tipo": 2},
        "largura": 0,
        "altura": 0,
        "comprimento": 0,
        "diametro": 0,
        "pesoLiquido": 0,
        "pesoBruto": 0,
    },
    "estoque": {
        "controlar": True,
        "sobEncomenda": False,
        "diasPreparacao": 0,
        "localizacao": "",
        "minimo": 0,
        "maximo": 0,
    },
    "seo": {"titulo": "", "descricao": "", "keywords": [], "linkVideo": "", "slug": ""},
    "tributacao": {"gtinEmbalagem": "", "valorIPIFixo": 0, "classeIPI": ""},
    "fornecedores": [],
    "anexos": [],
    "grade": [],
    "kit": [],
    "producao": {"produtos": [], "etapas": []},
}
NATUREZA_OPERACAO = {"id": 334_779_520, "nome": "Venda"}
BRASILIA = timezone(timedelta(hours=-3))

SITUACOES = {
    8: "Dados incompletos",
    0: "Aberta",
    3: "Aprovada",
    4: "Preparando envio",
    1: "Faturada",
    7: "Pronto para envio",
    5: "Enviada",
    6: "Entregue",
    2: "Cancelada",
    9: "Não entregue",
    # Since October 2026.
    10: "Em devolução",
}
# What Tiny may add without notice, by the control API only: no request may name it.
SITUACOES_NOVAS = {42: "Em produção"}
SITUACOES_ABERTAS = (8, 0, 3, 4, 1, 7, 5)
SITUACOES_COM_NOTA = frozenset({1, 7, 5, 6, 9, 10})
SITUACOES_COM_RASTREIO = frozenset({5, 6, 9, 10})

# -- accounts -----------------------------------------------------------------------------------------

DEMO_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "cnpj": "11222333000181",
        "razao_social": "CASA AROEIRA COMERCIO DE UTILIDADES LTDA",
        "fantasia": "Casa Aroeira",
        "email": "contato@casaaroeira.example.com",
        "fone": "(11) 3200-0100",
        "endereco": {
            "endereco": "AVENIDA PAULISTA", "numero": "777", "complemento": "ANDAR 15            ",
            "bairro": "BELA VISTA", "municipio": "São Paulo", "cep": "01.311-914", "uf": "SP", "pais": "",
        },
        "catalogo": "casa",
        "read_limit": 120,
        "write_limit": 100,
        "burst_limit": 4,
        "v2_limit": 120,
        "v2_batch_limit": 5,
        "seed": "aroeira",
    },
    {
        "cnpj": "12ABC34501DE35",
        "razao_social": "TRILHA NORTE ARTIGOS ESPORTIVOS LTDA",
        "fantasia": "",
        "email": "fiscal@trilhanorte.example.com",
        "fone": "",
        "endereco": {
            "endereco": "RUA MAX COLIN", "numero": "1208", "complemento": "", "bairro": "AMÉRICA",
            "municipio": "Joinville", "cep": "89.204-040", "uf": "SC", "pais": "",
        },
        "catalogo": "trilha",
        "read_limit": 120,
        "write_limit": 100,
        "burst_limit": 4,
        "v2_limit": 120,
        "v2_batch_limit": 5,
        "seed": "trilha",
    },
)  # fmt: skip


def make_account(cnpj: str, name: str, seed: str, read_limit: int) -> dict[str, Any]:
    """Columns of a new account at an invented address; ``read_limit`` is per minute, 0 for none."""
    rng = random.Random(f"account/{seed}")  # noqa: S311
    place = rng.choice(PLACES)
    return {
        "cnpj": cnpj,
        "razao_social": name,
        "fantasia": "",
        "email": "contato@example.com",
        "fone": "",
        "endereco": {
            "endereco": rng.choice(place.streets).upper(), "numero": str(rng.randint(10, 1900)),
            "complemento": "SALA 2              ", "bairro": place.bairro.upper(),
            "municipio": place.municipio, "cep": _make_cep(rng, place), "uf": place.uf, "pais": "",
        },
        "catalogo": rng.choice(("casa", "trilha")),
        "read_limit": read_limit,
        "seed": seed,
    }  # fmt: skip


@lru_cache(maxsize=64)
def list_formas_envio(account_id: int) -> list[dict[str, Any]]:
    """The account's shipping methods as ``GET /formas-envio/{id}`` answers; ids differ by account."""
    formas: dict[str, dict[str, Any]] = {}
    for freight in FREIGHTS:
        forma = formas.setdefault(
            freight.envio,
            {
                "id": 700_000_000 + account_id * 1000 + len(formas) * 10,
                "nome": freight.envio,
                "tipo": str(freight.tipo),
                "situacao": "1",
                "gatewayLogistico": {"id": None, "nome": None},
                "formasFrete": [],
            },
        )
        if freight.frete not in {frete["nome"] for frete in forma["formasFrete"]}:
            forma["formasFrete"].append(
                {
                    "id": forma["id"] + 1 + len(forma["formasFrete"]),
                    "nome": freight.frete,
                    "codigo": freight.codigo,
                    "codigoExterno": "",
                    "tipoEntrega": str(freight.tipo_entrega),
                }
            )
    return list(formas.values())


def make_transportador(account_id: int, freight: Freight, frete_por_conta: str) -> dict[str, Any]:
    """The order's ``transportador`` without its tracking; the real carrier is named only for road freight."""
    forma = next(forma for forma in list_formas_envio(account_id) if forma["nome"] == freight.envio)
    frete = next(frete for frete in forma["formasFrete"] if frete["nome"] == freight.frete)
    contact = 890_000_000 + account_id * 1000 + FREIGHTS.index(freight) if freight.transportador else None
    return {
        "id": contact,
        "nome": freight.transportador or None,
        "fretePorConta": frete_por_conta,
        "formaEnvio": {"id": forma["id"], "nome": forma["nome"]},
        "formaFrete": {"id": frete["id"], "nome": frete["nome"]},
    }


# -- tracking -----------------------------------------------------------------------------------------


def make_tracking(key: str, rng: random.Random) -> tuple[str, str]:
    """A tracking code and an address for a freight; both may be empty, as they are for road freight."""

    def digits(count: int) -> str:
        return "".join(rng.choices(string.digits, k=count))

    if key.startswith("correios"):
        # QQ is the series that the Correios keep for tests: no stranger's parcel has it.
        code = complete_s10("QQ", digits(8))
        address = f"https://rastreamento.correios.com.br/app/index.php?objetos={code}"
        return code, address if rng.random() < 0.6 else ""
    if key == "mercado_envios":
        return f"MEL4{digits(10)}LMXDF01", ""
    if key == "mercado_flex":
        return f"4{digits(10)}", ""
    if key.startswith("jadlog"):
        code = f"0{digits(13)}"
        return code, f"https://www.jadlog.com.br/tracking?cte={code}"
    if key == "shopee":
        return f"BR26{digits(10)}{rng.choice(string.ascii_uppercase)}", ""
    if key == "loggi":
        code = "".join(rng.choices(string.ascii_uppercase + string.digits, k=10))
        return code, f"https://www.loggi.com/rastreador/{code}"
    if key == "total_express":
        return f"TX{''.join(rng.choices(string.ascii_uppercase, k=2))}{digits(9)}tx", ""
    if key == "braspress":
        return "", "https://www.braspress.com/"
    return "", ""


# -- people and addresses -----------------------------------------------------------------------------


def _make_cep(rng: random.Random, place: Place) -> str:
    return f"{rng.randint(*place.cep5):05d}-{rng.randint(0, 899):03d}"


def _make_address(rng: random.Random) -> tuple[dict[str, Any], Place]:
    place = rng.choice(PLACES)
    complement = rng.choice(COMPLEMENTS)
    if complement and rng.random() < 0.35:
        complement = complement.ljust(20)
    cep = _make_cep(rng, place)
    if rng.random() < 0.15:
        cep = f"{cep[:2]}.{cep[2:]}"
    address = {
        "endereco": rng.choice(place.streets),
        "numero": "S/N" if rng.random() < 0.05 else str(rng.randint(5, 2400)),
        "complemento": complement,
        "bairro": place.bairro,
        "municipio": place.municipio,
        "cep": cep,
        "uf": place.uf,
        "pais": "Brasil" if rng.random() < 0.7 else "",
    }
    return address, place


def _make_phones(rng: random.Random, ddd: str) -> tuple[str, str]:
    mobile = f"({ddd}) 9{rng.randint(9100, 9899)}-{rng.randint(0, 9999):04d}"
    fixed = f"({ddd}) 3{rng.randint(200, 599)}-{rng.randint(0, 9999):04d}"
    draw = rng.random()
    if draw < 0.62:
        return "", mobile
    if draw < 0.75:
        return fixed, mobile
    if draw < 0.85:
        return fixed, ""
    if draw < 0.92:
        return mobile, ""
    return "", ""


def _make_email(rng: random.Random, name: str) -> str:
    if rng.random() < 0.14:
        return ""
    plain = name.lower().translate(str.maketrans("áàâãéêíóôõúçüñ' ", "aaaaeeiooouçun-."))
    plain = plain.replace("ç", "c").replace("-", "")
    return f"{plain}{rng.randint(1, 99)}@{rng.choice(('example.com', 'example.net', 'example.org'))}"


def make_cliente(rng: random.Random) -> dict[str, Any]:
    """A customer in the shape of ``pedido.cliente``; some have no document, some are foreign."""
    draw = rng.random()
    address, place = _make_address(rng)
    telefone, celular = _make_phones(rng, place.ddd)
    fantasia = inscricao = document = ""
    if draw < 0.03:
        kind = "E"
        nome, cidade, pais, rua = rng.choice(FOREIGNERS)
        address = {
            "endereco": rua, "numero": str(rng.randint(10, 900)), "complemento": "", "bairro": "",
            "municipio": cidade, "cep": "", "uf": "EX", "pais": pais,
        }  # fmt: skip
        telefone, celular = "", ""
    elif draw < 0.2:
        kind = "J"
        fantasia = rng.choice(COMPANY_STEMS)
        nome = f"{fantasia} {rng.choice(COMPANY_KINDS)}"
        if draw < 0.08:
            root = "".join(rng.choices(string.digits + CNPJ_LETTERS, k=8))
        else:
            root = "".join(rng.choices(string.digits, k=8))
        document = complete_cnpj(f"{root}0001")
        if rng.random() < 0.75:
            document = mask_cnpj(document)
        inscricao = "ISENTO" if rng.random() < 0.3 else "".join(rng.choices(string.digits, k=9))
        if rng.random() < 0.5:
            fantasia = ""
    else:
        kind = "F"
        nome = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)} {rng.choice(LAST_NAMES)}"
        if draw > 0.26:
            document = complete_cpf("".join(rng.choices(string.digits, k=9)))
            if rng.random() < 0.85:
                document = mask_cpf(document)
    if draw > 0.96:
        nome = nome.upper()
    return {
        "id": 900_000_000 + rng.randint(1, 89_999_999),
        "nome": nome,
        "codigo": "" if rng.random() < 0.9 else str(rng.randint(100, 999)),
        "fantasia": fantasia,
        "tipoPessoa": kind,
        "cpfCnpj": document,
        "inscricaoEstadual": inscricao,
        "rg": "",
        "telefone": telefone,
        "celular": celular,
        "email": _make_email(rng, nome.split(" Ltda")[0]),
        "endereco": address,
    }


# -- orders -------------------------------------------------------------------------------------------


def _make_channel_number(channel: Channel, rng: random.Random, day: date) -> str:
    if channel.canal == "Mercado Livre":
        return f"20000{rng.randint(10_000_000_000, 99_999_999_999)}"
    if channel.canal == "Shopee":
        return f"{day:%y%m%d}{''.join(rng.choices(string.ascii_uppercase + string.digits, k=8))}"
    if channel.canal == "Amazon":
        digits = str(rng.randint(10**13, 10**14 - 1))
        return f"70{rng.randint(1, 2)}-{digits[:7]}-{digits[7:]}"
    if channel.canal == "Magalu":
        return f"LU-{rng.randint(1_000_000_000_000, 9_999_999_999_999)}"
    return str(rng.randint(100_000, 999_999))


def _make_ecommerce(channel: Channel, account_id: int, rng: random.Random, day: date) -> dict[str, Any]:
    if not channel.nome:
        # The same absence comes as "" from one route and as null from another.
        if rng.random() < 0.5:
            return {"id": 0, **dict.fromkeys(ECOMMERCE_TEXTS, "")}
        return {"id": None, **dict.fromkeys(ECOMMERCE_TEXTS)}
    number = _make_channel_number(channel, rng, day)
    return {
        "id": 800_000_000 + account_id * 100 + CHANNELS.index(channel),
        "nome": channel.nome,
        "numeroPedidoEcommerce": number,
        "numeroPedidoCanalVenda": number,
        "canalVenda": channel.canal,
    }


def _make_itens(catalogo: str, rng: random.Random) -> list[dict[str, Any]]:
    products = list_products(catalogo)
    chosen = rng.sample(products, k=rng.choices((1, 2, 3, 4), weights=(60, 25, 10, 5))[0])
    return [
        {
            "produto": {
                "id": 350_000_000 + products.index(product),
                "sku": product.sku,
                "descricao": product.descricao,
                "tipo": "P",
            },
            "quantidade": rng.choices((1, 2, 3, 6), weights=(78, 14, 5, 3))[0],
            "valorUnitario": product.price,
            "infoAdicional": "" if rng.random() < 0.95 else "Embrulhar para presente",
        }
        for product in chosen
    ]


def list_products(catalogo: str) -> tuple[Product, ...]:
    return HOME_GOODS if catalogo == "casa" else OUTDOOR_GOODS


def complete_gtin(twelve: str) -> str:
    """Twelve digits to a GTIN-13 (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"


def find_product(sku: str) -> Product:
    """The product of a SKU; an unknown one gets an ordinary NCM and weight."""
    for product in (*HOME_GOODS, *OUTDOOR_GOODS):
        if product.sku == sku:
            return product
    return Product(sku, sku, 10.0, "39249000", 0.5)


def total_of(dados: dict[str, Any]) -> tuple[float, float]:
    """Goods and whole order, added as binary floats: the noise is what Tiny answers too."""
    goods: float = sum((item["quantidade"] * item["valorUnitario"] for item in dados["itens"]), 0.0)
    return goods, goods - dados["valorDesconto"] + dados["valorFrete"] + dados["valorOutrasDespesas"]


def make_pagamento(total: float, day: date, rng: random.Random) -> dict[str, Any]:
    """The order's ``pagamento``; Tiny answers the form both as formaPagamento and formaRecebimento."""
    count = rng.choices((1, 2, 3, 6), weights=(70, 12, 10, 8))[0]
    forma = {"id": 1, "nome": "Múltiplas"}
    parcela_forma = {"id": 9, "nome": ""}
    share = round(total / count, 2)
    parcelas = []
    for number in range(count):
        due = day + timedelta(days=30 * number)
        value = share if number < count - 1 else total - share * (count - 1)
        parcelas.append(
            {
                "dias": 30 * number,
                "data": f"{due:%Y-%m-%d} 00:00:00",
                "valor": value,
                "observacoes": "",
                "formaPagamento": parcela_forma,
                "formaRecebimento": parcela_forma,
                "meioPagamento": None,
            }
        )
    return {
        "formaPagamento": forma,
        "formaRecebimento": forma,
        "meioPagamento": None,
        "condicaoPagamento": " ".join(str(parcela["dias"]) for parcela in parcelas),
        "parcelas": parcelas,
    }


def make_pedido(
    account: dict[str, Any], seed: str, created_at: datetime, situacao: int, now: datetime
) -> dict[str, Any]:
    """Columns of one order; ``servico`` inside ``dados`` names the freight and is never answered."""
    rng = random.Random(f"pedido/{seed}")  # noqa: S311
    day = created_at.astimezone(BRASILIA).date()
    channel = rng.choices(CHANNELS, weights=CHANNEL_WEIGHTS)[0]
    freight = FREIGHT_BY_KEY[rng.choice(channel.freights)]
    cliente = make_cliente(rng)
    itens = [] if situacao == 8 and rng.random() < 0.5 else _make_itens(account["catalogo"], rng)
    goods: float = sum((item["quantidade"] * item["valorUnitario"] for item in itens), 0.0)
    frete_por_conta = "S" if freight.key == "retirada" else "D" if channel.intermediador else "R"
    dados: dict[str, Any] = {
        "servico": freight.key,
        "cliente": cliente,
        "ecommerce": _make_ecommerce(channel, account["id"], rng, day),
        "enderecoEntrega": None,
        "transportador": make_transportador(account["id"], freight, frete_por_conta),
        "itens": itens,
        "valorDesconto": goods * 0.05 if rng.random() < 0.2 else 0,
        "valorFrete": 0 if freight.key == "retirada" or rng.random() < 0.25 else rng.randint(990, 8990) / 100,
        "valorOutrasDespesas": 0.01 if rng.random() < 0.08 else 0,
        "intermediador": (
            {"id": 810_000_000 + CHANNELS.index(channel), "nome": channel.nome, "cnpj": "",
             "cnpjPagamentoInstituicao": None}
            if channel.intermediador
            else None
        ),
        "numeroOrdemCompra": "",
        "observacoes": "" if rng.random() < 0.9 else "Entregar na portaria, por favor.",
        "observacoesInternas": "",
    }  # fmt: skip
    if rng.random() < 0.08:
        delivery, _ = _make_address(rng)
        dados["enderecoEntrega"] = {
            **delivery,
            "nomeDestinatario": f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}",
            "cpfCnpj": "",
            "tipoPessoa": "F",
            "telefone": "",
            "inscricaoEstadual": "",
        }
    _, total = total_of(dados)
    dados["pagamento"] = make_pagamento(total, day, rng)

    def on_day(offset: int) -> date:
        return min(day + timedelta(days=offset), now.astimezone(BRASILIA).date())

    is_sent = situacao in SITUACOES_COM_RASTREIO
    code, address = make_tracking(freight.key, rng) if is_sent else ("", "")
    is_invoiced = situacao in SITUACOES_COM_NOTA
    step = {8: 0, 0: 1, 2: 6, 3: 4, 4: 14, 1: 20, 7: 26, 5: 32, 6: 90, 9: 96, 10: 110}[situacao]
    return {
        "situacao": situacao,
        "data": day,
        "data_prevista": day + timedelta(days=freight.days) if rng.random() < 0.8 else None,
        "data_faturamento": on_day(1) if is_invoiced else None,
        "data_envio": on_day(1) if is_sent else None,
        "data_entrega": on_day(4) if situacao == 6 else None,
        "atualizado_em": min(created_at + timedelta(hours=step, minutes=rng.randint(0, 59)), now),
        "codigo_rastreamento": code,
        "url_rastreamento": address,
        "dados": dados,
    }


def document_of(dados: dict[str, Any]) -> str:
    """The customer's document without its mask, for the filter."""
    return normalize_document(dados["cliente"].get("cpfCnpj") or "")


def value_of(dados: dict[str, Any]) -> str:
    """The list's ``valor``: a string with two decimals, empty for an order without items."""
    if not dados["itens"]:
        return ""
    return f"{round(total_of(dados)[1], 2):.2f}"


def choose_situacao(rng: random.Random, age_days: float) -> int:
    """A situação that an order of this age may well have."""
    if age_days < 1:
        return rng.choices((8, 0, 3, 4, 1, 2), weights=(4, 22, 40, 18, 12, 4))[0]
    if age_days < 3:
        return rng.choices((0, 3, 4, 1, 7, 5, 2), weights=(4, 14, 18, 22, 18, 18, 6))[0]
    return rng.choices((3, 1, 7, 5, 6, 9, 2), weights=(4, 8, 10, 38, 30, 4, 6))[0]


def make_pedidos(
    account: dict[str, Any],
    count: int,
    seed: str,
    since_days: int,
    now: datetime,
    situacoes: tuple[int, ...] | None = None,
) -> list[dict[str, Any]]:
    """``count`` orders spread evenly from ``since_days`` days ago to now, oldest first."""
    today = now.astimezone(BRASILIA).date()
    pedidos = []
    # The oldest orders get the last stages.
    every = [10, 9, 2, 6, 5, 7, 1, 4, 3, 0, 8]
    for index in range(count):
        rng = random.Random(f"plan/{seed}/{index}")  # noqa: S311
        day = today - timedelta(days=since_days - 1 - index * since_days // max(count, 1))
        hour = time(rng.randint(6, 22), rng.randint(0, 59), rng.randint(0, 59), tzinfo=BRASILIA)
        created_at = min(datetime.combine(day, hour), now)
        if situacoes:
            situacao = situacoes[index % len(situacoes)]
        elif index % 3 == 2 and index // 3 < len(every):
            # Every situação shows up at least once among the first forty orders.
            situacao = every[index // 3]
        else:
            situacao = choose_situacao(rng, (now - created_at).total_seconds() / 86400)
        pedidos.append(make_pedido(account, f"{seed}/{index}", created_at, situacao, now))
    return pedidos


# -- notas --------------------------------------------------------------------------------------------


def make_nota(
    account: dict[str, Any], pedido: dict[str, Any], numero: int, issued_on: date, situacao: int = 6
) -> dict[str, Any]:
    """Columns of the nota of an order (which has its ``id``); 6 Autorizada unless said otherwise."""
    rng = random.Random(f"nota/{account['seed']}/{numero}")  # noqa: S311
    dados = pedido["dados"]
    goods, total = total_of(dados)
    transportador = dados["transportador"]
    is_same_uf = dados["cliente"]["endereco"].get("uf") == account["endereco"]["uf"]
    itens = []
    for item in dados["itens"]:
        product = find_product(item["produto"]["sku"])
        itens.append(
            {
                "idItem": None,
                "idProduto": item["produto"]["id"],
                "codigo": product.sku,
                "ncm": product.ncm,
                "descricao": product.descricao,
                "unidade": "UN",
                "quantidade": item["quantidade"],
                "valorUnitario": item["valorUnitario"],
                "valorTotal": item["quantidade"] * item["valorUnitario"],
                "cfop": "5102" if is_same_uf else "6108",
                "naturezaOperacao": "Venda",
            }
        )
    weight = sum(find_product(item["codigo"]).weight * item["quantidade"] for item in itens)
    return {
        "pedido_id": pedido["id"],
        "numero": numero,
        "serie": account["serie"],
        "situacao": situacao,
        "tipo": "S",
        # A nota that is only a draft (1 Pendente) has no key yet.
        "chave": "" if situacao == 1 else make_access_key(
            account["endereco"]["uf"], issued_on, account["cnpj"], account["serie"], numero,
            rng.randint(10_000_000, 99_999_999),
        ),
        "data_emissao": issued_on,
        "codigo_rastreamento": pedido["codigo_rastreamento"],
        "url_rastreamento": pedido["url_rastreamento"],
        "dados": {
            "cliente": dados["cliente"],
            "enderecoEntrega": dados["enderecoEntrega"],
            "ecommerce": dados["ecommerce"],
            "valor": total,
            "valorProdutos": goods,
            "valorFrete": dados["valorFrete"],
            "valorDesconto": dados["valorDesconto"],
            "fretePorConta": transportador["fretePorConta"],
            "idFormaEnvio": (transportador.get("formaEnvio") or {}).get("id"),
            "idFormaFrete": (transportador.get("formaFrete") or {}).get("id"),
            "transportador": transportador.get("nome"),
            "qtdVolumes": 1,
            "pesoBruto": round(weight * 1.08, 3),
            "pesoLiquido": round(weight, 3),
            "itens": itens,
            # An order written by API has no parcels until somebody sets them.
            "parcelas": dados["pagamento"]["parcelas"] or [],
            "condicaoPagamento": dados["pagamento"]["condicaoPagamento"] or "",
            "origem": {"id": str(pedido["id"]), "tipo": "venda"},
        },
    }  # fmt: skip
