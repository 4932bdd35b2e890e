"""A sheet of orders, read: what is in a cell, a line, a file; and what the API would have taken."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from contracts.order_status import OrderStatus
from contracts.records import ErpAddress
from orders import sheets
from orders.serializers import read_new_order
from orders.sheets import LineProblem, SheetRefused

HEAD = "número do pedido;data;cliente;sku;descrição;quantidade;preço unitário"
LINE = "M-1;18/11/2026;Maria;LUM-01;Luminária;2;10,00"


def read(*lines: str, head: str = HEAD) -> sheets.Sheet:
    return sheets.read_sheet("\r\n".join((head, *lines)))


def problems(*lines: str, head: str = HEAD) -> list[tuple[int, str, str]]:
    """All that is wrong; none of the orders can be placed."""
    sheet = read(*lines, head=head)
    assert sheet.orders == []
    return [(one.line, one.column, one.text) for one in sheet.problems]


def with_cell(heading: str, text: str) -> tuple[str, str]:
    """The line, and the head that it needs, with one cell more or another one."""
    names, cells = HEAD.split(";"), LINE.split(";")
    if heading in names:
        cells[names.index(heading)] = text
    else:
        names, cells = [*names, heading], [*cells, text]
    return ";".join(cells), ";".join(names)


def refusal(content: bytes) -> str:
    with pytest.raises(SheetRefused) as refused:
        sheets.read_sheet(sheets.decode(content))
    return str(refused.value)


# --- an order is what the API would have taken ---

FULL_HEAD = (
    "observações,vendedor,FORMA DE PAGAMENTO,Parcelas,país de entrega,CEP de entrega,uf de entrega,"
    "cidade de entrega,bairro de entrega,complemento de entrega,numero de entrega,Endereço de entrega,"
    "destinatario,pais,"
    "desconto,frete,Preço Unitário*,QUANTIDADE*,unidade,descricao*,SKU*,cep,uf,cidade,"
    "bairro,complemento,número,endereço,telefone,E-mail,cpf/cnpj,Cliente*,previsao,data*,status,canal,"
    "numero  do pedido*"
)
FULL = (
    '"Entregar, à tarde",João Lima,Boleto,"30/11/2026=1.000,00 +2026-12-30 = R$ 2000,00+96,30",'
    "Brasil,80420-000,pr,Curitiba,Batel,Sala 2,45,Avenida Central,José de Exemplo,brasil,"
    '"10,00","R$ 19,90","1.234,56","2,5",UN,"Mesa ""Serra""",MESA,80010-000,'
    "pr,Curitiba,Centro,Apto 4,123,Rua das Flores,(41) 99999-0000,maria@exemplo.com.br,529.982.247-25,"
    "Maria de Exemplo,2026-11-25,18/11/2026,pagamento aprovado,Loja,M-1"
)
FULL_BODY: dict[str, Any] = {
    "number": "M-1",
    "channel": "Loja",
    "status": "paid",
    "placed_on": "2026-11-18",
    "expected_on": "2026-11-25",
    "customer": {
        "name": "Maria de Exemplo",
        "document": "52998224725",
        "email": "maria@exemplo.com.br",
        "phone": "41999990000",
        "address": {
            "street": "Rua das Flores",
            "number": "123",
            "complement": "Apto 4",
            "district": "Centro",
            "city": "Curitiba",
            "state": "PR",
            "zip_code": "80010000",
            "country": "brasil",
        },
    },
    "delivery_address": {
        "recipient": "José de Exemplo",
        "street": "Avenida Central",
        "number": "45",
        "complement": "Sala 2",
        "district": "Batel",
        "city": "Curitiba",
        "state": "PR",
        "zip_code": "80420000",
        "country": "Brasil",
    },
    "items": [
        {
            "sku": "MESA",
            "description": 'Mesa "Serra"',
            "unit": "UN",
            "quantity": "2.5",
            "unit_price": "1234.56",
        }
    ],
    "freight": "19.90",
    "discount": "10.00",
    "installments": [
        {"amount": "1000.00", "due_on": "2026-11-30", "method": "Boleto"},
        {"amount": "2000.00", "due_on": "2026-12-30", "method": "Boleto"},
        {"amount": "96.30", "due_on": None, "method": "Boleto"},
    ],
    "seller": {"name": "João Lima"},
    "notes": "Entregar, à tarde",
}


def test_every_column_in_any_order_is_the_same_order_as_by_the_api() -> None:
    sheet = sheets.read_sheet(f"{FULL_HEAD}\n{FULL}\n")

    [order] = sheet.orders
    assert sheet.problems == []
    assert order.placement == read_new_order(FULL_BODY)


def test_the_model_has_every_column_and_is_read_back() -> None:
    text = sheets.decode(sheets.write_model())

    assert text == ";".join(f"{one.heading}{'*' if one.is_needed else ''}" for one in sheets.COLUMNS) + "\r\n"
    filled = ";".join('"' + one.example + '"' for one in sheets.COLUMNS)
    sheet = sheets.read_sheet(text + filled)
    assert (len(sheet.orders), sheet.problems, sheet.unused) == (1, [], [])


def test_the_lines_of_an_order_share_what_its_first_one_says() -> None:
    sheet = read(
        "M-1;18/11/2026;Maria;LUM-01;Luminária;2;10,00;Loja;19,9",
        "M-2;18/11/2026;Ana;VASO;Vaso;1;5,00;;",
        "M-1;18/11/2026;Maria;VASO;Vaso;1;5,00;Loja;19,90",
        "M-1;;;MESA;Mesa;1;7,00;;",
        head=f"{HEAD};canal;frete",
    )

    first, second = sheet.orders
    assert (first.lines, second.lines) == ((2, 4, 5), (3,))
    assert [item.sku for item in first.placement.items] == ["LUM-01", "VASO", "MESA"]
    assert (first.placement.ecommerce_name, second.placement.ecommerce_name) == ("Loja", "")
    assert first.placement.total == Decimal("51.90")
    assert second.placement.status == OrderStatus.PLACED
    assert (sheet.line_count, sheet.good_lines) == (4, 4)


def test_one_number_in_two_channels_is_two_orders() -> None:
    sheet = read(f"{LINE};Loja", f"{LINE};Feira", head=f"{HEAD};canal")

    assert [order.placement.ecommerce_name for order in sheet.orders] == ["Loja", "Feira"]


# --- cells ---


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1234,5", "1234.5"),
        ("R$ 0,90", "0.9"),
        ("10", "10"),
        ("10.50", "10.5"),
        ("0.125", "0.125"),
        ("1.234.567", "1234567"),
    ],
)
def test_amounts_as_a_spreadsheet_writes_them(text: str, amount: str) -> None:
    line, head = with_cell("preço unitário", text)

    [order] = read(line, head=head).orders
    assert order.placement.items[0].unit_price == Decimal(amount)


@pytest.mark.parametrize("text", ["-5,00", "1,234.56", "10 20", "dez", "1e3", ",5", "12.34,5", "٣"])
def test_an_amount_that_is_none(text: str) -> None:
    line, head = with_cell("preço unitário", text)

    expected = "Informe um número como 1.234,56, sem sinal."
    assert problems(line, head=head) == [(2, "Preço unitário", expected)]


def test_a_point_that_may_mean_two_things_is_asked_about() -> None:
    line, head = with_cell("frete", "1.234")

    assert problems(line, head=head) == [(2, "Frete", "Escreva 1234 ou 1,234: o ponto deixa dúvida.")]


@pytest.mark.parametrize(("text", "day"), [("2026-02-01", (2026, 2, 1)), ("1/2/2026", (2026, 2, 1))])
def test_days(text: str, day: tuple[int, int, int]) -> None:
    line, head = with_cell("data", text)

    assert read(line, head=head).orders[0].placement.placed_on == dt.date(*day)


@pytest.mark.parametrize(
    ("heading", "text", "column", "expected"),
    [
        ("data", "31/02/2026", "Data", "Informe uma data como 18/11/2026."),
        ("data", "11/18/2026", "Data", "Informe uma data como 18/11/2026."),
        ("data", "", "Data", "Preencha este campo."),
        ("número do pedido", "", "Número do pedido", "Preencha este campo."),
        ("sku", "", "SKU", "Preencha este campo."),
        ("quantidade", "0", "Quantidade", "Informe mais que zero."),
        ("descrição", "=1+1", "Descrição", "A célula tem uma fórmula. Deixe só o valor."),
        ("preço unitário", "=A1", "Preço unitário", "A célula tem uma fórmula. Deixe só o valor."),
        ("sku", "x" * 121, "SKU", "Use até 120 caracteres."),
        ("sku", "a\x01b", "SKU", "Há caracteres de controle, que não são aceitos."),
        ("uf", "Paraná", "UF", "Use a sigla do estado, como PR."),
        ("uf de entrega", "Paraná", "UF de entrega", "Use a sigla do estado, como PR."),
        ("cep de entrega", "80420", "CEP de entrega", "O CEP tem 8 números."),
        ("destinatário", "x" * 201, "Destinatário", "Use até 200 caracteres."),
        ("desconto", "20,01", "Desconto", "O desconto não pode passar dos produtos mais o frete: 20,00."),
        (
            "cpf/cnpj",
            "529.982.247-26",
            "CPF/CNPJ",
            "Confira o CPF: os dois últimos números não batem com os demais.",
        ),
        (
            "status",
            "Despachado",
            "Status",
            "Use um destes: Enviado pelo comprador, Pagamento aprovado, Em separação, Nota Fiscal emitida,"
            " Em transporte, Entregue, Não entregue, Cancelado.",
        ),
    ],
)
def test_a_cell_that_is_wrong_is_named_once(heading: str, text: str, column: str, expected: str) -> None:
    line, head = with_cell(heading, text)

    assert problems(line, head=head) == [(2, column, expected)]


LIKE = "Escreva como 30/11/2026=1.239,51 + 30/12/2026=1.239,51."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30/11/2026=9,99 + 30/12/2026=10", "As parcelas somam 19,99 e o total é 20,00: faltam 0,01."),
        ("20,01", "As parcelas somam 20,01 e o total é 20,00: sobram 0,01."),
        ("10 + 31/11/2026=10", f"Na parcela 2: Informe uma data como 18/11/2026. {LIKE}"),
        ("30/11/2026 20,00", f"Na parcela 1: Informe um número como 1.234,56, sem sinal. {LIKE}"),
        ("10; 10", f"Na parcela 1: Informe um número como 1.234,56, sem sinal. {LIKE}"),
        ("20,00 +", f"Na parcela 2: Informe um número como 1.234,56, sem sinal. {LIKE}"),
        ("1.000", f"Na parcela 1: Escreva 1000 ou 1,000: o ponto deixa dúvida. {LIKE}"),
        ("20,001", 'Informe um valor como "50,25": até 9 dígitos e 2 casas, sem sinal.'),
        ("+".join(["0,1"] * 101), "Use até 100 itens."),
        ("=20", "A célula tem uma fórmula. Deixe só o valor."),
    ],
)
def test_installments_that_are_none_or_are_not_the_total(text: str, expected: str) -> None:
    line, head = with_cell("parcelas", f'"{text}"')

    assert problems(f"{line};Pix", head=f"{head};forma de pagamento") == [(2, "Parcelas", expected)]


def test_how_installments_are_paid_is_said_with_them_and_for_all() -> None:
    head = f"{HEAD};forma de pagamento;parcelas"
    bad = f"M-2;18/11/2026;Ana;VASO;Vaso;1;5,00;{'x' * 61};2 + 3"

    assert problems(f"{LINE};Pix;", bad, head=head) == [
        (2, "Forma de pagamento", "Preencha também a coluna Parcelas."),
        (3, "Forma de pagamento", "Use até 60 caracteres."),
    ]


def test_installments_and_delivery_on_a_later_line_of_the_order() -> None:
    head = f"{HEAD};parcelas;cidade de entrega"
    other = "M-1;;;VASO;Vaso;1;5,00;{};{}"

    [order] = read(f"{LINE};;", other.format("25,00", "Lapa"), head=head).orders
    assert [str(one.amount) for one in order.placement.installments] == ["25"]
    assert order.placement.delivery_address == ErpAddress(city="Lapa")
    assert problems(f"{LINE};25;Lapa", other.format("24,00", "Luz"), head=head) == [
        (3, "Cidade de entrega", "Difere da linha 2, que é do mesmo pedido."),
        (3, "Parcelas", "Difere da linha 2, que é do mesmo pedido."),
    ]
    assert problems(f"{LINE};;", other.format("24,00", ""), head=head) == [
        (3, "Parcelas", "As parcelas somam 24,00 e o total é 25,00: faltam 1,00.")
    ]


def test_each_bad_line_is_named_and_takes_only_its_own_order_out() -> None:
    sheet = read(
        LINE,
        "M-2;;;VASO;Vaso;um;-1",
        "",
        "M-3;18/11/2026;Ana;VASO;Vaso;1;5,00",
        "M-3;19/11/2026;Ana;MESA;;1;5,00",
    )

    assert [order.lines for order in sheet.orders] == [(2,)]
    assert list(sheet.problems) == [
        LineProblem(3, "Data", "Preencha este campo."),
        LineProblem(3, "Cliente", "Preencha este campo."),
        LineProblem(3, "Quantidade", "Informe um número como 1.234,56, sem sinal."),
        LineProblem(3, "Preço unitário", "Informe um número como 1.234,56, sem sinal."),
        LineProblem(6, "Data", "Difere da linha 5, que é do mesmo pedido."),
        LineProblem(6, "Descrição", "Preencha este campo."),
    ]


def test_a_separator_within_a_text_without_quotes_shifts_nothing_in_silence() -> None:
    head, line = HEAD.replace(";", ","), "M-1,18/11/2026,Maria,LUM-01,Luminária,2,10,00"

    assert problems(line, head=head) == [
        (2, "", "Há mais células que no cabeçalho. O texto que tem «,» vai entre aspas.")
    ]


def test_columns_that_mean_nothing_here_are_told() -> None:
    sheet = read(f"{LINE};azul;", head=f"{HEAD};Cor;")

    assert (sheet.unused, len(sheet.orders)) == (["Cor"], 1)


# --- files ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_encodings_and_separators(encoding: str, delimiter: str) -> None:
    text = f"{HEAD}\n{LINE.replace('10,00', '10.00')}\n".replace(";", delimiter)

    [order] = sheets.read_sheet(sheets.decode(text.encode(encoding))).orders
    assert order.placement.items[0].description == "Luminária"


def test_lines_count_as_a_spreadsheet_shows_them() -> None:
    sheet = sheets.read_sheet(f'\n{HEAD}\nM-1;18/11/2026;"Maria\nde Exemplo";L;L;1;1\n\nM-2;;Ana;V;V;1;1\n')

    assert [(one.line, one.column) for one in sheet.problems] == [(3, "Cliente"), (5, "Data")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "O arquivo está vazio."),
        (b" \r\n\r\n", "O arquivo está vazio."),
        (b"\xef\xbb\xbf", "O arquivo está vazio."),
        (b"\xef\xbb\xbf;;\n;;\n", "O arquivo está vazio."),
        (b"PK\x03\x04\0\0rubbish", "O arquivo não parece um CSV. Na planilha, salve como CSV."),
        (b"\x81\x8d\x8f\xff", "O arquivo não parece um CSV. Na planilha, salve como CSV."),
        (f"{HEAD}\nM-1\0".encode(), "O arquivo não parece um CSV. Na planilha, salve como CSV."),
        (
            LINE.encode(),
            "A primeira linha não tem os nomes das colunas. Comece pelo modelo, e salve como CSV.",
        ),
        (HEAD.encode(), "O arquivo só tem o cabeçalho. Preencha uma linha por item."),
        (HEAD.replace("sku;", "").encode(), "Falta a coluna SKU."),
        (b"data;cliente;sku;quantidade", "Faltam as colunas Número do pedido, Descrição, Preço unitário."),
        (f"{HEAD};SKU\n{LINE};1".encode(), "A coluna SKU aparece mais de uma vez."),
        (
            f'{HEAD}\n{LINE}\nM-2;18/11/2026;"Ana;V;V;1;1\n{LINE}'.encode(),
            "Não conseguimos ler a partir da linha 4 do arquivo: confira as aspas,"
            " ou salve de novo como CSV.",
        ),
    ],
)
def test_a_file_that_cannot_be_used(content: bytes, expected: str) -> None:
    assert refusal(content) == expected


def test_a_file_of_too_many_lines() -> None:
    body = "\n".join([HEAD, *[LINE] * 5_001])

    assert refusal(body.encode()) == "O arquivo passa de 5000 linhas. Divida em partes."


def test_an_order_of_too_many_items_is_named_at_its_first_line() -> None:
    assert problems(*[LINE] * 501) == [(2, "", "Envie de 1 a 500 itens.")]
