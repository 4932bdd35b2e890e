"""What needs a person says so on every page of the company, with the button, and on nobody else's."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

import pytest
from django.test import Client

from accounts import services as accounts_services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from jobs import queue
from jobs.errors import JobNeedsPerson
from jobs.runner import JobContext
from panel.selectors import list_problems
from tests.simulated_carriers import SimulatedCarriers
from tests.tracking.companies import Shipper, make_code

pytestmark = pytest.mark.django_db

RunJobs = Callable[[], int]
HOME = "/o/casa-aurora/rastreamento/de-para/"


def plain(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_a_refused_contract_is_told_on_every_page_until_it_is_corrected(
    shipper: Shipper,
    neighbour: Shipper,
    organization: Organization,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    admin: User,
    stranger: User,
    client_of: Callable[[User], Client],
) -> None:
    told = "Os Correios não aceitaram o usuário e o código de acesso."
    shipper.sign(contract | {"access_code": "errado"})
    neighbour.sign(contract)
    shipper.follow(make_code(500))
    run_jobs()
    viewer = accounts_services.add_member(
        organization=organization, email="caio@aurora.test", name="Caio", perfil=Perfil.VIEWER
    ).user

    assert f"{told} As consultas a essa transportadora pararam." in plain(client_of(admin), HOME)
    assert "Corrigir contrato" in plain(client_of(admin), HOME)
    seen = plain(client_of(viewer), HOME)
    assert told in seen
    assert "Corrigir contrato" not in seen
    assert "Peça a um administrador da sua empresa para corrigir o contrato." in seen
    assert told not in plain(client_of(stranger), HOME.replace("casa-aurora", "loja-vizinha"))

    shipper.sign(contract)
    assert told not in plain(client_of(admin), HOME)


def test_work_that_broke_leads_to_what_it_was_about(
    shipper: Shipper, organization: Organization, monkeypatch: pytest.MonkeyPatch, run_jobs: RunJobs
) -> None:
    def fail(job: JobContext) -> None:
        raise JobNeedsPerson("us.bug")

    parcel = shipper.follow("ABC123", shipping_method="x")
    with tenant(organization):
        queue.enqueue("remap_parcels", channel="tracking", key="carrier_name:0", payload={})
        queue.enqueue("apply_shipment", channel="tracking", key=str(parcel.pk), payload={})
    monkeypatch.setattr("tracking.sync.remap_parcels", fail)
    monkeypatch.setattr("tests.tracking.handlers.apply_shipment", fail)
    run_jobs()

    with tenant(organization):
        found = {problem.subject for problem in list_problems(organization, Perfil.ADMIN)}
    # Of no order, so that nothing is named.
    assert found == {"De-para de transportadoras", ""}


def test_the_contracts_page_tells_what_became_of_it(
    shipper: Shipper,
    contract: Mapping[str, str],
    simulated_carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    admin: User,
    client_of: Callable[[User], Client],
) -> None:
    shipper.sign(contract | {"access_code": "errado"})
    shipper.follow(make_code(501))
    run_jobs()

    seen = plain(client_of(admin), "/o/casa-aurora/rastreamento/contratos/correios/")
    reason = "Os Correios não aceitaram o usuário e o código de acesso."
    assert f"A transportadora recusou o acesso {reason}" in seen
    assert "Contrato salvo" in seen
