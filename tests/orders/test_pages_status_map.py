"""«Mapeamento de status», as a person gets it: the integration's tab «Status»."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from dataclasses import asdict

import pytest
from django.test import Client

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from integrations.models import Integration, IntegrationState
from jobs.models import Job, JobStatus
from orders.map_selectors import read_status_map
from orders.models import Order, StatusMapRun, StatusMapVersion
from orders.services.mapping import advance_applying, finish_applying
from orders.status_map import Rule, StatusMap
from tests.orders.conftest import Erp, make_row
from tests.orders.test_pages import plain
from tests.status_maps import DEFAULT, keep_map, with_rule, with_written

FRAGMENT = {"HX-Request": "true"}
NEW = "Em produção"
# The fields of that situation: no id may have a space.
NEW_FIELD = "Em%20produ%C3%A7%C3%A3o"
ACTIONS = ("is_polled", "is_imported", "awaits_invoice", "starts_tracking")
PICKED = with_rule(with_written(DEFAULT, OrderStatus.PAID, ""), "aprovado", status=OrderStatus.PICKING)


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def address(integration: Integration) -> str:
    return f"/o/casa-aurora/integracoes/erp/nativos/tiny/{integration.pk}/situacoes/"


@pytest.fixture
def shop(integration: Integration) -> Erp:
    return Erp(integration)


@pytest.fixture
def orders(shop: Erp, organization: Organization) -> None:
    """1: paid, «Aprovado» at Tiny; 2: in transit here, and Tiny does not know; 3: delivered; 4: as 1."""
    with tenant(organization):
        for external_id in ("700", "701", "702", "703"):
            shop.list(make_row(external_id))
        Order.objects.filter(number=2).update(status=OrderStatus.IN_TRANSIT)
        Order.objects.filter(number=3).update(status=OrderStatus.DELIVERED)
        Job.objects.all().delete()


@pytest.fixture
def stopped(orders: None, shop: Erp, organization: Organization) -> None:
    """Two orders in a situation that Tiny made up: one is not here, order 4 is."""
    with tenant(organization):
        shop.list(make_row("710", situation=NEW, situation_is_known=False))
        shop.list(make_row("703", situation=NEW, situation_is_known=False))
        Job.objects.all().delete()


def typed(status_map: StatusMap, *without: str, **changes: str) -> dict[str, str]:
    """What the browser sends of a form in which this map stands."""
    form = {f"outward-{status}": code or "keep" for status, code in status_map.outward.items()}
    for code, rule in status_map.rules.items():
        meaning = "return" if rule.is_return else rule.status or "keep"
        form |= {f"meaning-{code}": str(meaning)}
        form |= {f"{action}-{code}": "on" for action in ACTIONS if getattr(rule, action)}
    form |= {"seen": "0", "action": "save"} | changes
    return {name: value for name, value in form.items() if name not in without}


def chosen(page: str) -> dict[str, str]:
    """The selects of a page and what stands in them."""
    selects = re.findall(r'<select name="([^"]*)"(.*?)</select>', page, flags=re.S)
    return {name: "".join(re.findall(r'value="([^"]*)" selected', body)) for name, body in selects}


def checked(page: str) -> set[str]:
    boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
    return {re.findall(r'name="([^"]*)"', box)[0] for box in boxes if " checked" in box}


def wrong(page: str) -> set[str]:
    """The fields that a page marks."""
    return set(re.findall(r'name="([^"]*)"[^>]*aria-invalid="true"', page))


def stored(integration: Integration) -> StatusMap:
    with tenant(integration.organization_id):
        return read_status_map(integration)


def seen(page: str) -> str:
    return re.findall(r'name="seen" value="([^"]*)"', page)[0]


def written(integration: Integration) -> tuple[int, int, int]:
    """How many versions, jobs and lines of the integration's history there are."""
    with tenant(integration.organization_id):
        lines = HistoryEntry.objects.filter(subject_kind="integration").count()
        return StatusMapVersion.objects.count(), Job.objects.count(), lines


# --- what it shows ---


def test_until_somebody_saves_it_is_the_default(client: Client, address: str) -> None:
    page = client.get(address).content.decode()

    assert "<title>Mapeamento de status · Integração Tiny ERP · Integrações ERP" in page
    assert re.findall(r'<a [^>]*aria-current="page">(\w+)</a>', page)[-1] == "Status"
    assert chosen(page) == {
        "outward-placed": "aberto",
        "outward-paid": "aprovado",
        "outward-picking": "preparando_envio",
        "outward-invoiced": "faturado",
        "outward-in_transit": "enviado",
        "outward-delivered": "entregue",
        "outward-not_delivered": "nao_entregue",
        "outward-cancelled": "cancelado",
        "meaning-dados_incompletos": "keep",
        "meaning-aberto": "placed",
        "meaning-aprovado": "paid",
        "meaning-preparando_envio": "picking",
        "meaning-faturado": "invoiced",
        "meaning-pronto_envio": "keep",
        "meaning-enviado": "in_transit",
        "meaning-entregue": "delivered",
        "meaning-nao_entregue": "not_delivered",
        "meaning-em_devolucao": "return",
        "meaning-cancelado": "cancelled",
    }
    assert checked(page) == {
        f"{action}-{code}"
        for code, rule in DEFAULT.rules.items()
        for action in ACTIONS
        if asdict(rule)[action]
    }
    text = plain(page)
    assert "Entregue e Cancelado não voltam atrás." in text and "«Mantido»" in text
    assert "Vale o padrão: ninguém salvou outro mapeamento ainda." in text
    assert "Situação nova no Tiny" not in text and "Desfazer" not in text
    assert seen(page) == "0"


def test_each_control_says_of_what_row_and_column_it_is(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    controls = re.findall(r'<(?:select|input type="checkbox")[^>]* aria-label="([^"]*)"', page)
    assert len(controls) == len(set(controls)) == 8 + 11 * 5
    assert controls[0] == "Quando o pedido ficar em Enviado pelo comprador, mudar no Tiny para"
    assert controls[-5:] == [
        "Quando no Tiny estiver em Cancelado, mudar aqui para",
        "Consultar pedidos nesta situação: Cancelado",
        "Importar pedido: Cancelado",
        "Buscar NF: Cancelado",
        "Iniciar rastreio: Cancelado",
    ]


def test_what_may_be_written_are_situations_that_the_protocol_knows(
    client: Client, address: str, integration: Integration
) -> None:
    def offered() -> list[str]:
        page = client.get(address).content.decode()
        (select,) = re.findall(r'<select name="outward-placed".*?</select>', page, flags=re.S)
        return re.findall(r">([^<]+)</option>", select)

    everywhere = ["Não alterar", "Em aberto", "Aprovado", "Preparando envio", "Faturado", "Pronto para envio",
                  "Enviado", "Entregue", "Não entregue", "Cancelado"]  # fmt: skip
    assert sorted(offered()) == sorted([*everywhere, "Dados incompletos", "Em devolução"])
    with tenant(integration.organization_id):
        Integration.objects.update(protocol="v2")
    assert offered() == everywhere


def test_each_row_says_how_many_orders_use_it(
    orders: None, client: Client, address: str, organization: Organization
) -> None:
    with tenant(organization):
        Order.objects.filter(number=4).update(updated_at=clock.now() - dt.timedelta(days=31))
    text = plain(client.get(address).content.decode())
    for row in (
        "Pagamento aprovado 1 pedido em 30 dias",
        "Em transporte 1 pedido em 30 dias",
        "Cancelado sem uso em 30 dias",
        "Aprovado 3 pedidos em 30 dias",
        "Faturado sem uso em 30 dias",
    ):
        assert row in text, row


# --- saving ---


def test_both_tables_are_saved_as_a_version(client: Client, address: str, integration: Integration) -> None:
    status_map = with_rule(
        PICKED,
        "dados_incompletos",
        is_return=True,
        is_polled=False,
        awaits_invoice=True,
        starts_tracking=True,
    )
    response = client.post(address, typed(status_map))

    assert (response.status_code, response["Location"]) == (302, address)
    page = client.get(address).content.decode()
    assert "Mapeamento salvo. Vale para o que acontecer a partir de agora." in plain(page)
    assert stored(integration) == status_map
    with tenant(integration.organization_id):
        version = StatusMapVersion.objects.get()
        entry = HistoryEntry.objects.get(code="orders.status_map_saved")
    assert (version.number, version.saved_by, version.undoes) == (1, "Ana Souza", None)
    assert (version.outward["paid"], version.rules["aprovado"]["status"]) == ("", "picking")
    assert (entry.person, entry.params) == ("Ana Souza", {"number": 1})
    assert seen(page) == "1"
    assert "Versão 1 , Ana Souza" in plain(page)
    shown = chosen(page)
    assert (shown["outward-paid"], shown["meaning-aprovado"]) == ("keep", "picking")
    assert shown["meaning-dados_incompletos"] == "return"

    # As it is: nothing to save.
    response = client.post(address, typed(status_map, seen="1"), follow=True)
    assert "Mapeamento salvo." not in plain(response.content.decode())
    with tenant(integration.organization_id):
        assert StatusMapVersion.objects.count() == 1


LOOP = "Em transporte muda o Tiny para Enviado, e Enviado no Tiny muda o pedido para Não entregue"
AGAIN = ", que o muda de volta: os dois ficariam trocando sem parar."


@pytest.mark.parametrize("action", ["save", "preview"])
@pytest.mark.parametrize(
    ("form", "marked", "complaint"),
    [
        (typed(PICKED, "outward-paid"), {"outward-paid"}, "Escolha uma opção."),
        (typed(PICKED, "meaning-aberto"), {"meaning-aberto"}, "Escolha uma opção."),
        (typed(PICKED) | {"outward-paid": "inventada"}, {"outward-paid"}, "Escolha uma das opções."),
        (typed(PICKED) | {"outward-paid": NEW}, {"outward-paid"}, "Escolha uma das opções."),
        (typed(PICKED) | {"meaning-aberto": "lost"}, {"meaning-aberto"}, "Escolha uma das opções."),
        (
            typed(PICKED, "is_polled-aprovado"),
            {"is_imported-aprovado"},
            "Para importar, marque também Consultar.",
        ),
        (
            typed(with_rule(DEFAULT, "aprovado", status=OrderStatus.INVOICED)),
            {"outward-paid", "meaning-aprovado"},
            "Pagamento aprovado muda o Tiny para Aprovado, e Aprovado no Tiny muda o pedido para "
            "Nota Fiscal emitida.",
        ),
        (
            typed(
                with_rule(
                    with_rule(DEFAULT, "enviado", status=OrderStatus.NOT_DELIVERED),
                    "nao_entregue",
                    status=OrderStatus.IN_TRANSIT,
                )
            ),
            {"outward-in_transit", "meaning-enviado", "outward-not_delivered", "meaning-nao_entregue"},
            LOOP + AGAIN,
        ),
    ],
)
def test_what_is_refused_marks_its_rows_and_changes_nothing(
    client: Client,
    address: str,
    integration: Integration,
    form: dict[str, str],
    marked: set[str],
    complaint: str,
    action: str,
) -> None:
    response = client.post(address, form | {"action": action})
    page = response.content.decode()

    assert response.status_code == 422
    assert wrong(page) == marked
    # Beside both rows of a fight, or the one row, and in the summary as often.
    assert plain(page).count(complaint) == 2 * min(len(marked), 2)
    assert page.count('<tr class="wrong">') == len(marked)
    lead = "Para salvar, corrija" if action == "save" else "Para ver o efeito, corrija"
    assert f"{lead} {len(marked)} campo" in plain(page)
    assert written(integration) == (0, 0, 0)
    # What was typed stands there still.
    assert chosen(page)["meaning-dados_incompletos"] == "keep"
    assert chosen(page)["outward-placed"] == "aberto"


def test_two_situations_may_mean_the_same(client: Client, address: str, integration: Integration) -> None:
    status_map = with_rule(DEFAULT, "pronto_envio", status=OrderStatus.PICKING)
    assert client.post(address, typed(status_map)).status_code == 302
    assert stored(integration) == status_map


@pytest.mark.parametrize("number", ["0", "2", "-1", "", "um", "9" * 30])
def test_a_version_that_nobody_saw_is_not_overwritten(
    client: Client, address: str, integration: Integration, number: str
) -> None:
    with tenant(integration.organization_id):
        keep_map(integration, PICKED)
    wanted = with_written(PICKED, OrderStatus.PICKING, "")
    response = client.post(address, typed(wanted, seen=number))
    page = response.content.decode()

    assert response.status_code == 422
    assert "Outra pessoa salvou este mapeamento enquanto você o via. Confira e salve de novo." in plain(page)
    assert written(integration) == (1, 0, 0)
    # Nothing of what was typed is lost, and after a look it is saved by one press.
    assert chosen(page)["outward-picking"] == "keep"
    assert seen(page) == "1"
    assert client.post(address, typed(wanted, seen="1")).status_code == 302
    assert stored(integration) == wanted


def test_looking_at_the_effect_shows_nothing_of_another_ones_version(
    client: Client, address: str, integration: Integration
) -> None:
    with tenant(integration.organization_id):
        keep_map(integration, PICKED)
    wanted = with_written(DEFAULT, OrderStatus.PAID, "")
    page = client.post(address, typed(wanted, seen="0", action="preview")).content.decode()
    assert seen(page) == "0"
    assert client.post(address, typed(wanted, seen=seen(page))).status_code == 422
    assert stored(integration) == PICKED


def test_a_rule_that_was_typed_is_kept_though_nothing_waits_for_it_any_more(
    client: Client, address: str, integration: Integration
) -> None:
    named = {"meaning-Em%20produ%C3%A7%C3%A3o": "picking", "is_polled-Em%20produ%C3%A7%C3%A3o": "on"}
    assert client.post(address, typed(DEFAULT, **named)).status_code == 302
    assert stored(integration).rules["Em produção"] == Rule(OrderStatus.PICKING)


# --- versions ---


def test_the_newest_version_is_undone_by_a_new_one(
    client: Client, address: str, integration: Integration
) -> None:
    client.post(address, typed(PICKED))
    response = client.post(address, {"action": "undo", "seen": "1"}, follow=True)

    page = response.content.decode()
    assert "Desfeito: vale de novo o mapeamento anterior." in plain(page)
    assert stored(integration) == DEFAULT
    with tenant(integration.organization_id):
        versions = list(StatusMapVersion.objects.order_by("number").values_list("number", "undoes"))
    assert versions == [(1, None), (2, 1)]
    (listed,) = re.findall(r'aria-labelledby="versoes".*?</section>', page, flags=re.S)
    assert re.findall(r"Versão \d|Desfez a versão \d|Desfazer", plain(listed)) == [
        "Versão 2", "Desfez a versão 1", "Desfazer", "Versão 1",
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["0", "1", "7", ""])
def test_only_the_version_that_was_seen_is_undone(
    client: Client, address: str, integration: Integration, number: str
) -> None:
    with tenant(integration.organization_id):
        keep_map(integration, PICKED)
        keep_map(integration, DEFAULT)
    response = client.post(address, {"action": "undo", "seen": number})
    assert response.status_code == 422
    assert "Não há o que desfazer: outra pessoa já mudou este mapeamento." in plain(response.content.decode())
    assert written(integration) == (2, 0, 0)


def test_the_default_is_filled_in_and_not_saved(
    client: Client, address: str, integration: Integration
) -> None:
    with tenant(integration.organization_id):
        keep_map(integration, with_rule(PICKED, NEW, status=OrderStatus.PICKING))
    page = client.get(f"{address}?padrao=1", headers=FRAGMENT).content.decode()

    assert "<html" not in page and page.count('<form class="dform" id="mapeamento"') == 1
    assert "O padrão está preenchido. Só vale depois de salvar." in plain(page)
    shown = chosen(page)
    assert (shown["outward-paid"], shown["meaning-aprovado"]) == ("aprovado", "paid")
    # Of a situation that only this company has there is no default.
    assert shown[f"meaning-{NEW_FIELD}"] == "picking"
    assert (seen(page), written(integration)) == ("1", (1, 0, 0))


# --- the effect ---


def test_the_effect_of_unsaved_choices_is_shown_and_nothing_is_sent(
    orders: None, client: Client, address: str, integration: Integration
) -> None:
    before = written(integration)
    response = client.post(address, typed(PICKED, action="preview"), headers=FRAGMENT)
    page = response.content.decode()

    assert response.status_code == 200
    assert "<html" not in page
    text = plain(page)
    assert (
        "De 3 pedidos em aberto, 2 mudariam de status e 1 teria a situação mudada no Tiny . "
        "Nada foi salvo nem enviado."
    ) in text
    (effect,) = re.findall(r'<section class="block well" id="efeito".*?</section>', page, flags=re.S)
    rows = [plain(row).strip() for row in re.findall(r"<tr>(.*?)</tr>", effect) if "<td>" in row]
    assert rows == [
        "Pedido 4 Status aqui Pagamento aprovado → Em separação Situação no Tiny Aprovado",
        "Pedido 2 Status aqui Em transporte Situação no Tiny Aprovado → Enviado",
        "Pedido 1 Status aqui Pagamento aprovado → Em separação Situação no Tiny Aprovado",
        "Pedido 3 Status aqui Entregue Situação no Tiny Aprovado",
    ]
    assert "Ver mais 1 dos últimos pedidos, que ficaria como está" in plain(effect)
    # What was chosen stands there still, and nothing else does anything with it.
    assert chosen(page)["meaning-aprovado"] == "picking"
    assert written(integration) == before and before[:2] == (0, 0)
    assert stored(integration) == DEFAULT
    with tenant(integration.organization_id):
        assert list(Order.objects.order_by("number").values_list("status", flat=True)) == [
            "paid", "in_transit", "delivered", "paid",
        ]  # fmt: skip


def test_a_return_is_named_in_the_effect(orders: None, client: Client, address: str) -> None:
    status_map = with_rule(
        with_written(DEFAULT, OrderStatus.PAID, ""), "aprovado", status=None, is_return=True
    )
    page = client.post(address, typed(status_map, action="preview"), headers=FRAGMENT).content.decode()
    assert "Pedido 4 Status aqui Pagamento aprovado Devolução Situação no Tiny Aprovado" in plain(page)


def test_no_effect_is_said_too(
    orders: None, client: Client, address: str, organization: Organization
) -> None:
    with tenant(organization):
        Order.objects.filter(number=2).update(status=OrderStatus.PAID)
    text = plain(client.post(address, typed(DEFAULT, action="preview")).content.decode())
    assert "De 3 pedidos em aberto, nenhum mudaria." in text
    assert "Os últimos pedidos ficariam como estão" in text


def test_without_orders_there_is_no_effect(client: Client, address: str) -> None:
    text = plain(client.post(address, typed(PICKED, action="preview")).content.decode())
    assert "Não há pedidos em aberto no Tiny. Nada foi salvo nem enviado." in text


# --- a situation without a rule ---


def test_a_new_situation_stands_on_top_with_what_waits_for_it(
    stopped: None, client: Client, address: str
) -> None:
    page = client.get(address).content.decode()
    text = plain(page)
    assert f"Situação nova no Tiny: {NEW} 2 pedidos parados aqui" in text
    assert text.index(NEW) < text.index("Do Entreposto para o Tiny")
    assert chosen(page)[f"meaning-{NEW_FIELD}"] == ""
    assert {box for box in checked(page) if box.endswith(NEW_FIELD)} == {
        f"is_polled-{NEW_FIELD}",
        f"is_imported-{NEW_FIELD}",
    }
    (label,) = re.findall(rf'<select name="meaning-{NEW_FIELD}"[^>]*aria-label="([^"]*)"', page)
    assert html.unescape(label) == f"Quando no Tiny estiver em {NEW}, mudar aqui para"


@pytest.mark.parametrize("unchosen", [{f"meaning-{NEW_FIELD}": ""}, {}])
def test_a_new_situation_may_stay_without_a_rule(
    stopped: None, client: Client, address: str, integration: Integration, unchosen: dict[str, str]
) -> None:
    form = typed(PICKED) | {f"is_imported-{NEW_FIELD}": "on"} | unchosen
    assert client.post(address, form).status_code == 302
    assert stored(integration) == PICKED
    with tenant(integration.organization_id):
        assert not Job.objects.filter(kind="release_situation").exists()
    assert f"Situação nova no Tiny: {NEW}" in plain(client.get(address).content.decode())


def test_with_a_rule_its_orders_go_on(
    stopped: None, client: Client, address: str, integration: Integration
) -> None:
    choice = {f"meaning-{NEW_FIELD}": "picking", f"is_polled-{NEW_FIELD}": "on"}
    refused = client.post(
        address, typed(DEFAULT) | choice | {f"is_imported-{NEW_FIELD}": "on"} | {"is_polled-" + NEW_FIELD: ""}
    )
    assert (refused.status_code, wrong(refused.content.decode())) == (422, {f"is_imported-{NEW_FIELD}"})
    form = typed(DEFAULT) | choice | {f"is_imported-{NEW_FIELD}": "on", f"awaits_invoice-{NEW_FIELD}": "on"}
    assert client.post(address, form).status_code == 302

    rule = Rule(status=OrderStatus.PICKING, is_polled=True, is_imported=True, awaits_invoice=True)
    assert stored(integration).rules == {**DEFAULT.rules, NEW: rule}
    with tenant(integration.organization_id):
        jobs = Job.objects.filter(kind="release_situation")
        assert list(jobs.values_list("key", flat=True)) == [f"{integration.pk}:1:{NEW}"]
    page = client.get(address).content.decode()
    assert "Situação nova no Tiny" not in plain(page)
    assert chosen(page)[f"meaning-{NEW_FIELD}"] == "picking"


# --- applying it ---


def test_applying_is_a_plan_first_and_starts_with_the_second_press(
    orders: None, client: Client, address: str, integration: Integration
) -> None:
    with tenant(integration.organization_id):
        keep_map(integration, PICKED)
    page = client.get(address).content.decode()
    assert f'href="{address}aplicar/?plano=1#aplicacao"' in page and "Aplicar agora" not in page

    plan = client.get(f"{address}aplicar/", {"plano": "1"}, headers=FRAGMENT).content.decode()
    assert plan.count('<div id="aplicacao"') == 1 and "<html" not in plan
    counted = "De 3 pedidos em aberto, 2 mudariam de status e 1 teria a situação mudada no Tiny ."
    assert counted in plain(plan) and "Aplicar agora" in plan
    # Without a script the whole page says the same.
    whole = client.get(f"{address}aplicar/", {"plano": "1"}).content.decode()
    assert counted in plain(whole) and "<html" in whole
    with tenant(integration.organization_id):
        assert (StatusMapRun.objects.count(), Job.objects.count()) == (0, 0)

    started = client.post(f"{address}aplicar/", headers=FRAGMENT)
    assert started.status_code == 200
    with tenant(integration.organization_id):
        run = StatusMapRun.objects.get()
        job = Job.objects.get()
    assert (run.requested_by, run.orders_total, run.finished_at) == ("Ana Souza", 3, None)
    assert (job.kind, job.key) == ("apply_status_map", str(run.pk))
    assert "0 de 3 pedidos: 0 mudaram de status, 0 com a situação a caminho do Tiny." in plain(
        started.content.decode()
    )
    assert f'hx-get="{address}aplicar/" hx-trigger="load delay:2s"' in started.content.decode()


def test_progress_and_summary(orders: None, client: Client, address: str, integration: Integration) -> None:
    response = client.post(f"{address}aplicar/")
    assert (response.status_code, response["Location"]) == (302, f"{address}#aplicacao")
    with tenant(integration.organization_id):
        run = StatusMapRun.objects.get()
        advance_applying(run_id=run.pk, read=2, moved=1, written=0)

    under_way = client.get(f"{address}aplicar/", headers=FRAGMENT).content.decode()
    assert "2 de 3 pedidos: 1 mudou de status, 0 com a situação a caminho do Tiny." in plain(under_way)
    assert '<progress class="bar" max="3" value="2"' in under_way

    with tenant(integration.organization_id):
        advance_applying(run_id=run.pk, read=1, moved=1, written=1)
        finish_applying(run_id=run.pk)
    done = client.get(f"{address}aplicar/", headers=FRAGMENT).content.decode()
    assert "por Ana Souza: 3 pedidos vistos, 2 mudaram de status, 1 com a situação a caminho" in plain(done)
    assert "hx-trigger" not in done and "Aplicar aos pedidos em aberto" in done


def test_it_is_said_why_it_does_not_go_on(
    orders: None, client: Client, address: str, integration: Integration
) -> None:
    client.post(f"{address}aplicar/")
    with tenant(integration.organization_id):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)
    waiting = plain(client.get(f"{address}aplicar/", headers=FRAGMENT).content.decode())
    assert "Continua quando a integração estiver conectada de novo." in waiting
    with tenant(integration.organization_id):
        Integration.objects.update(state=IntegrationState.CONNECTED)
        Job.objects.update(status=JobStatus.PARKED, reason_code="ours")
    stopped = client.get(f"{address}aplicar/", headers=FRAGMENT).content.decode()
    assert "Parou antes do fim. O que já mudou ficou, e o resto espera na Central de erros" in plain(stopped)
    assert '<a href="/o/casa-aurora/erros/">' in stopped


def test_it_is_applied_once_at_a_time(
    orders: None, client: Client, address: str, integration: Integration
) -> None:
    client.post(f"{address}aplicar/")
    for headers in (FRAGMENT, {}):
        response = client.post(f"{address}aplicar/", headers=headers)
        assert response.status_code == 422
        text = plain(response.content.decode())
        assert "O mapeamento já está sendo aplicado." in text and "0 de 3 pedidos" in text
    with tenant(integration.organization_id):
        assert (StatusMapRun.objects.count(), Job.objects.count()) == (1, 1)


def test_a_disconnected_integration_offers_no_applying(
    client: Client, address: str, integration: Integration
) -> None:
    with tenant(integration.organization_id):
        Integration.objects.update(state=IntegrationState.DISCONNECTED)
    assert "Aplicar aos pedidos em aberto" not in plain(client.get(address).content.decode())


def test_nothing_to_change_is_not_applied(client: Client, address: str) -> None:
    plan = client.get(f"{address}aplicar/", {"plano": "1"}, headers=FRAGMENT).content.decode()
    assert "Não há pedidos em aberto no Tiny." in plain(plan) and "Aplicar agora" not in plan


# --- who may, and the way here ---


@pytest.mark.parametrize("perfil", [Perfil.OPERATOR, Perfil.VIEWER])
def test_others_read_and_change_nothing(
    orders: None,
    address: str,
    organization: Organization,
    integration: Integration,
    client_of: Callable[[User], Client],
    perfil: Perfil,
) -> None:
    reader = services.add_member(
        organization=organization, email="leitor@aurora.test", name="Leitor", perfil=perfil
    )
    client = client_of(reader.user)
    with tenant(organization):
        keep_map(integration, PICKED)
    before = written(integration)
    page = client.get(f"{address}?padrao=1").content.decode()

    assert "Só um Administrador da organização pode alterar este mapeamento." in plain(page)
    assert chosen(page)["outward-paid"] == "keep"
    assert len(re.findall(r"<(?:select|input type=\"checkbox\")[^>]* disabled", page)) == 8 + 11 * 5
    (form,) = re.findall(r'<form class="dform".*?</form>', page, flags=re.S)
    assert "<button" not in form and "hx-" not in form and "padrao" not in form and "plano" not in form
    plan = client.get(f"{address}aplicar/", {"plano": "1"}, headers=FRAGMENT).content.decode()
    assert "Aplicar" not in plan

    for action in ("save", "preview", "undo"):
        assert client.post(address, typed(DEFAULT, seen="1", action=action)).status_code == 404
    assert client.post(f"{address}aplicar/").status_code == 404
    assert written(integration) == before
    assert stored(integration) == PICKED
    with tenant(organization):
        assert StatusMapRun.objects.count() == 0


def test_a_neighbour_finds_nothing(
    address: str, stranger: User, client_of: Callable[[User], Client], integration: Integration
) -> None:
    client = client_of(stranger)
    for there in (address, f"{address}aplicar/"):
        assert client.get(there).status_code == 404
        assert client.post(there, typed(PICKED)).status_code == 404
    assert written(integration) == (0, 0, 0)


def test_the_connection_and_what_was_not_imported_lead_here(
    stopped: None, client: Client, address: str, integration: Integration
) -> None:
    connection = client.get(address.replace("situacoes", "conexao")).content.decode()
    assert "Quais situações importar? Mapeamento de status ." in plain(connection)
    assert f'<a href="{address}"' in connection
    left_out = client.get(f"/o/casa-aurora/pedidos/nao-importados/{integration.pk}/").content.decode()
    assert f'<a href="{address}">Mapeamento de status</a>' in left_out
