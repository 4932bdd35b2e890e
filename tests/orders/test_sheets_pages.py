"""A sheet of orders in the panel: upload, preview, progress, summary; and the job behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from history.models import HistoryEntry
from jobs import runner
from jobs.models import Job
from orders import sheet_jobs
from orders.models import ForwardingState, Order, OrderSheet, Origin, SheetState
from orders.serializers import read_new_order
from orders.services.sheets import place_some
from tests.orders.test_pages import plain
from tests.orders.test_sheets import HEAD, LINE

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/o/casa-aurora/pedidos/importar/"
# What ``LINE`` is to the API.
BODY: dict[str, Any] = {
    "number": "M-1",
    "placed_on": "2026-11-18",
    "customer": {"name": "Maria"},
    "items": [{"sku": "LUM-01", "description": "Luminária", "quantity": "2", "unit_price": "10.00"}],
}


def lines(*numbers: int) -> list[str]:
    return [LINE.replace("M-1", f"M-{number}") for number in numbers]


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def send(client: Client) -> Callable[..., HttpResponse]:
    """``send(*lines)``: the answer to a file of these lines, or of ``content``."""

    def upload(*lines: str, content: bytes | None = None, name: str = "pedidos.csv") -> HttpResponse:
        body = "\n".join((HEAD, *lines)).encode() if content is None else content
        return client.post(BASE, {"file": SimpleUploadedFile(name, body)})

    return upload


@pytest.fixture
def sheet_of(send: Callable[..., HttpResponse], organization: Organization) -> Callable[..., OrderSheet]:
    """``sheet_of(*lines)``: as it was kept."""

    def keep(*lines: str) -> OrderSheet:
        response = send(*lines)
        assert response.status_code == 302
        return stored(organization, int(response["Location"].rstrip("/").rpartition("/")[2]))

    return keep


@pytest.fixture
def show(client: Client) -> Callable[..., str]:
    def read(sheet: OrderSheet, **headers: str) -> str:
        response = client.get(f"{BASE}{sheet.pk}/", headers=headers)
        assert response.status_code == 200
        return plain(response.content.decode())

    return read


def stored(organization: Organization, sheet_id: int) -> OrderSheet:
    with tenant(organization):
        sheet: OrderSheet = OrderSheet.objects.get(pk=sheet_id)
    return sheet


def place(organization: Organization, sheet: OrderSheet, *bodies: dict[str, Any]) -> None:
    with tenant(organization):
        place_some(sheet_id=sheet.pk, placements=[read_new_order(body) for body in bodies])
        OrderSheet.objects.filter(pk=sheet.pk).update(orders_created=0)


def numbers_here(organization: Organization) -> list[str]:
    with tenant(organization):
        return list(Order.objects.order_by("number").values_list("ecommerce_number", flat=True))


# --- upload ---


def test_the_page_names_every_column_and_gives_the_model(client: Client) -> None:
    page = plain(client.get(BASE).content.decode())
    assert "Até 5 MB e 5.000 linhas" in page
    assert "Preço unitário* 1.234,56" in page
    assert "CEP de entrega 80420-000" in page
    assert "Parcelas 30/11/2026=1.239,51 + 30/12/2026=1.239,51 Forma de pagamento Boleto" in page

    model = client.get(f"{BASE}modelo/")
    assert model["Content-Disposition"] == 'attachment; filename="modelo-pedidos.csv"'
    assert model.content.decode("utf-8-sig").startswith("número do pedido*;canal;status;data*;")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "O arquivo está vazio."),
        (b"PK\x03\x04\0\0", "O arquivo não parece um CSV. Na planilha, salve como CSV."),
        (b"data\n1", "Faltam as colunas Número do pedido, Cliente, SKU, Descrição, Quantidade,"),
        (b"x" * 5_000_001, "O arquivo passa de 5 MB. Divida em partes."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    send: Callable[..., HttpResponse], organization: Organization, content: bytes, expected: str
) -> None:
    response = send(content=content)

    assert response.status_code == 422
    assert expected in plain(response.content.decode())
    with tenant(organization):
        assert not OrderSheet.objects.exists()


# --- preview ---


def test_the_preview_counts_and_names_and_places_nothing(
    sheet_of: Callable[..., OrderSheet], show: Callable[..., str], organization: Organization
) -> None:
    sheet = sheet_of(*lines(1, 2), "M-3;amanhã;Ana;V;Vaso;1;1,00", "M-4;18/11/2026;Ana;V;Vaso;;1,00")

    page = show(sheet)
    assert "2 pedidos a receber" in page
    assert "Linhas lidas 4" in page
    assert "Sem problema 2 linhas em 2 pedidos" in page
    assert "Com problema 2 linhas" in page
    assert "Linha 4 Data : Informe uma data como 18/11/2026." in page
    assert "Linha 5 Quantidade : Preencha este campo." in page
    assert "Receber os 2 pedidos" in page
    assert numbers_here(organization) == []
    with tenant(organization):
        assert not Job.objects.filter(kind="place_sheet").exists()


def test_what_is_here_already_is_told_by_what_it_says(
    sheet_of: Callable[..., OrderSheet], show: Callable[..., str], organization: Organization
) -> None:
    sheet = sheet_of(*lines(1, 2, 3))
    other = {**BODY, "number": "M-2", "notes": "Outro"}
    place(organization, sheet, BODY, other)

    page = show(sheet)
    assert "1 pedido a receber" in page
    assert "Já recebido: nada muda 1 pedido" in page
    assert "Já recebido com outros dados 1 pedido" in page
    assert "Linha 3 M-2 é o pedido 2" in page
    assert "Receber o 1 pedido" in page


def test_with_nothing_new_there_is_nothing_to_receive(
    sheet_of: Callable[..., OrderSheet], show: Callable[..., str]
) -> None:
    page = show(sheet_of("M-1;amanhã;Ana;V;Vaso;1;1,00"))

    assert "0 pedidos a receber" in page
    assert "Receber o" not in page


def test_the_first_problems_are_shown_and_all_are_counted(
    sheet_of: Callable[..., OrderSheet], show: Callable[..., str]
) -> None:
    page = show(sheet_of(*[f"M-{number};amanhã;Ana;V;Vaso;1;1,00" for number in range(201)]))

    assert page.count("Informe uma data") == 200
    assert "Os primeiros 200 de 201 problemas." in page


# --- receiving ---


def test_the_orders_are_placed_and_the_summary_tells_of_each(
    sheet_of: Callable[..., OrderSheet],
    show: Callable[..., str],
    client: Client,
    organization: Organization,
) -> None:
    sheet = sheet_of(*lines(1, 2, 3), "M-4;amanhã;Ana;V;Vaso;1;1,00")
    place(organization, sheet, BODY, {**BODY, "number": "M-2", "notes": "Outro"})

    # Pressed twice, it is done once.
    for _ in range(2):
        response = client.post(f"{BASE}{sheet.pk}/")
        assert (response.status_code, response["Location"]) == (302, f"{BASE}{sheet.pk}/")
    assert "0 de 3 pedidos." in show(sheet, **{"HX-Request": "true"})
    with tenant(organization):
        job = Job.objects.get(kind="place_sheet")
    assert runner.run_one() == job.pk

    done = stored(organization, sheet.pk)
    assert (done.state, done.text) == (SheetState.DONE, "")
    assert (done.orders_created, done.orders_known, done.refusals) == (1, 1, [["M-2", 2, ""]])
    page = show(sheet)
    assert "1 pedido recebido" in page
    assert "Já estavam aqui, nada mudou 1" in page
    assert "M-2 : já recebido com outros dados, como pedido 2" in page
    assert "Linha 5 Data : Informe uma data como 18/11/2026." in page
    assert "pedidos.csv" in plain(client.get(BASE).content.decode())
    with tenant(organization):
        order = Order.objects.get(ecommerce_number="M-3")
        entry = HistoryEntry.objects.get(subject_id=order.pk, code="order.received_by_sheet")
        assert (order.origin, order.forwarding.state) == (Origin.SHEET, ForwardingState.UNROUTED)
        assert entry.person == "Ana Souza"
        assert Job.objects.filter(kind="place_sheet").count() == 1


class Killed(BaseException):
    """A process that ends: nothing after it runs."""


def test_killed_halfway_it_goes_on_where_it_was(
    sheet_of: Callable[..., OrderSheet], client: Client, organization: Organization
) -> None:
    """What the dying worker placed after its last step is undone with it, and placed again."""
    sheet = sheet_of(*lines(*range(1, 26)))
    client.post(f"{BASE}{sheet.pk}/")
    with tenant(organization):
        job = Job.objects.get(kind="place_sheet")
    context = Interrupted(organization.pk, str(sheet.pk), saves=2)
    with pytest.raises(Killed):
        sheet_jobs.place_sheet(context)  # type: ignore[arg-type]

    assert len(numbers_here(organization)) == 20
    assert stored(organization, sheet.pk).orders_read == 20
    with tenant(organization):
        Job.objects.filter(pk=job.pk).update(step=context.step)
    assert runner.run_one() == job.pk
    assert numbers_here(organization) == [f"M-{number}" for number in range(1, 26)]
    done = stored(organization, sheet.pk)
    assert (done.state, done.orders_created, done.orders_known) == (SheetState.DONE, 25, 0)


class Interrupted:
    """A job whose worker dies within the step after ``saves``, before its transaction ends."""

    def __init__(self, organization_id: int, key: str, saves: int) -> None:
        self.organization_id = organization_id
        self.key = key
        self.step: dict[str, Any] = {}
        self.saves = saves

    def save_step(self, **values: Any) -> None:
        if not self.saves:
            raise Killed
        self.saves -= 1
        self.step |= values


def test_a_sheet_that_stopped_says_where_it_waits(
    sheet_of: Callable[..., OrderSheet], show: Callable[..., str], client: Client, organization: Organization
) -> None:
    sheet = sheet_of(*lines(1))
    client.post(f"{BASE}{sheet.pk}/")
    assert "Parou antes do fim" not in show(sheet)
    with tenant(organization):
        Job.objects.filter(kind="place_sheet").update(
            status="parked", reason_code="us.crashed", parked_at=clock.now()
        )

    assert "Parou antes do fim. O que entrou ficou, e o resto espera na Central de erros" in show(sheet)
    errors = client.get("/o/casa-aurora/erros/").content.decode()
    assert "Interrompido várias vezes" in errors
    assert f'<a href="{BASE}{sheet.pk}/">pedidos.csv</a>' in errors


def test_an_operator_may_and_a_viewer_finds_nothing(
    organization: Organization, client_of: Callable[[User], Client], sheet_of: Callable[..., OrderSheet]
) -> None:
    sheet = sheet_of(*lines(1))
    orders = BASE.removesuffix("importar/")
    for perfil, expected in ((Perfil.OPERATOR, 302), (Perfil.VIEWER, 404)):
        email = f"{perfil}@aurora.test"
        member = services.add_member(organization=organization, email=email, name="Lia", perfil=perfil)
        client = client_of(member.user)
        file = SimpleUploadedFile("pedidos.csv", "\n".join((HEAD, LINE)).encode())
        assert client.post(BASE, {"file": file}).status_code == expected
        is_offered = f'href="{BASE}"' in client.get(orders).content.decode()
        assert is_offered == (perfil == Perfil.OPERATOR)
        assert client.get(f"{BASE}modelo/").status_code == {302: 200, 404: 404}[expected]
        if perfil == Perfil.VIEWER:
            assert client.post(f"{BASE}{sheet.pk}/").status_code == 404
    assert stored(organization, sheet.pk).state == SheetState.CHECKED


def test_what_nobody_wanted_is_thrown_away_after_a_day(
    sheet_of: Callable[..., OrderSheet], organization: Organization
) -> None:
    old, wanted = sheet_of(*lines(1)), sheet_of(*lines(2))
    with tenant(organization):
        long_ago = clock.now() - dt.timedelta(days=1, minutes=1)
        OrderSheet.objects.filter(pk__in=[old.pk, wanted.pk]).update(requested_at=long_ago)
        OrderSheet.objects.filter(pk=wanted.pk).update(state=SheetState.DONE)

    new = sheet_of(*lines(3))
    with tenant(organization):
        assert set(OrderSheet.objects.values_list("pk", flat=True)) == {wanted.pk, new.pk}
