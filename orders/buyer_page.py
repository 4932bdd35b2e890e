"""What the buyer's page says of a parcel: from records to sentences, without asking anybody.

Whoever has the link reads the page, so it tells a first name, a city and where the parcel is: no document, no
address, no price, no key of a nota. What a carrier wrote is shown cleaned, and not at all where it names who
received the parcel.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from stdnum.br import cpf

from accounts.models import Organization
from accounts.shop import name_shop
from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from customers.models import CustomerKind
from orders.models import Order
from tracking.carriers import find_carrier, public_url
from tracking.codes import is_nfe_key
from tracking.identification import Confidence
from tracking.lateness import NEVER_LATE
from tracking.models import EndReason, Parcel, ParcelEvent
from tracking.selectors import public_key
from tracking.states import list_holding
from ui.formats import format_phone
from ui.moments import to_brasilia, write_day, write_moment

Tone = Literal["ok", "info", "warn", "err", "mute"]

# The page is to weigh less than 30 KB, whatever a carrier writes.
MOST_EVENTS = 15
MOST_VOLUMES = 12
LONGEST_TEXT = 100
LONGEST_PLACE = 40
HIDDEN = "•••"

S = ParcelState

NOT_POSTED = (S.PENDING, S.INFO_RECEIVED)
ON_THE_WAY_BACK = (S.RETURNING, S.RETURNED)
# What a cancelled order's parcel still tells.
BEYOND_CANCELLING = (S.DELIVERED, *ON_THE_WAY_BACK)
WITHOUT_TRACK = (S.LOST, S.CANCELLED, S.EXPIRED)
# Here a carrier's words may name a person: who received the parcel, or would not.
NAMES_SOMEBODY = (S.DELIVERED, *ON_THE_WAY_BACK)

ASKS_FOR_CODE = "o código abaixo"
ASKS_THE_CARRIER = "A página da transportadora diz como."
ASKS_THE_SHOP = "Fale com a loja para saber como."

TITLES: dict[ParcelState, tuple[Tone, str]] = {
    S.PENDING: ("info", "{it} está sendo preparado"),
    S.INFO_RECEIVED: ("info", "{it} está sendo preparado"),
    S.POSTED: ("info", "{it} foi postado"),
    S.IN_TRANSIT: ("info", "{it} está a caminho"),
    S.OUT_FOR_DELIVERY: ("info", "{it} saiu para entrega"),
    S.DELIVERY_FAILED: ("warn", "A entrega não deu certo desta vez"),
    S.AVAILABLE_FOR_PICKUP: ("warn", "{it} está pronto para retirada"),
    S.DELIVERED: ("ok", "{it} foi entregue"),
    S.RETURNING: ("warn", "{it} está voltando para a loja"),
    S.RETURNED: ("err", "{it} voltou para a loja"),
    S.LOST: ("err", "{it} não foi localizado"),
    S.EXCEPTION: ("warn", "Houve um problema no caminho"),
    S.CANCELLED: ("mute", "Este envio foi cancelado"),
    S.EXPIRED: ("warn", "Não há notícias novas deste envio"),
}

LEADS: dict[ParcelState, str] = {
    S.PENDING: "Quando a transportadora receber o pacote, o caminho dele aparece aqui.",
    S.INFO_RECEIVED: "A loja já fez a etiqueta. Quando a transportadora receber o pacote, o caminho dele "
    "aparece aqui.",
    S.POSTED: "O pacote está com a transportadora.",
    S.IN_TRANSIT: "O pacote está com a transportadora.",
    S.OUT_FOR_DELIVERY: "Deixe alguém no endereço para receber.",
    S.DELIVERY_FAILED: "A transportadora costuma tentar de novo no próximo dia útil. Deixe alguém para "
    "receber; se o endereço puder estar errado, fale com a loja.",
    S.AVAILABLE_FOR_PICKUP: "Leve um documento com foto e o código abaixo. O prazo para retirar é curto: "
    "depois dele o pacote volta para a loja.",
    S.DELIVERED: "Se não foi você quem recebeu, pergunte em casa ou na portaria, e depois à loja.",
    S.RETURNING: "Fale com a loja para combinar o que fazer.",
    S.RETURNED: "Fale com a loja para combinar o que fazer.",
    S.LOST: "A transportadora não encontrou o pacote. Fale com a loja para combinar o que fazer.",
    S.EXCEPTION: "A transportadora informou um problema. A loja pode saber mais: fale com ela.",
    S.CANCELLED: "Em caso de dúvida, fale com a loja.",
    S.EXPIRED: "Faz tempo que a transportadora não diz nada. Fale com a loja: ela pode perguntar por você.",
}

# What is known more closely.
CLOSER_LEADS: dict[tuple[ParcelState, str], str] = {
    (S.IN_TRANSIT, "delayed"): "A transportadora avisou que pode demorar mais que o normal.",
    (S.IN_TRANSIT, "customs"): "O pacote passa pela fiscalização aduaneira.",
    (S.IN_TRANSIT, "towards_pickup_point"): "O pacote vai para uma unidade de retirada. Quando puder ser "
    "retirado, esta página avisa.",
    (S.DELIVERY_FAILED, "address"): "O endereço está errado ou incompleto. Fale com a loja para conferir.",
    (S.DELIVERY_FAILED, "pickup_follows"): "Ninguém pôde receber. O pacote vai para uma unidade de retirada: "
    "quando puder ser retirado, esta página avisa.",
    (S.RETURNING, "refused"): "A entrega foi recusada. Fale com a loja para combinar o que fazer.",
    (S.RETURNING, "absent"): "Ninguém estava no endereço nas tentativas de entrega. Fale com a loja para "
    "combinar um novo envio.",
    (
        S.RETURNING,
        "not_picked_up",
    ): "O prazo para retirar terminou. Fale com a loja para combinar um novo envio.",
    **{
        (
            S.RETURNING,
            substate,
        ): "O endereço não pôde ser encontrado. Fale com a loja para conferir o endereço."
        for substate in ("address", "moved", "unknown_recipient")
    },
    (S.EXCEPTION, "address"): "Falta um dado do endereço. Fale com a loja para conferir.",
    (
        S.EXCEPTION,
        "damaged",
    ): "O pacote foi danificado no caminho. Fale com a loja para combinar o que fazer.",
    (S.EXCEPTION, "delayed"): "A transportadora avisou que pode demorar mais que o normal.",
    (
        S.EXCEPTION,
        "customs_payment",
    ): "Há um valor a pagar para que o pacote seja liberado. " + ASKS_THE_CARRIER,
}
NOT_TOLD_YET = "A loja já entregou o pacote à transportadora, que ainda não disse onde ele está."

EVENT_LABELS: dict[ParcelState, str] = {
    S.PENDING: "Aguardando postagem",
    S.INFO_RECEIVED: "Etiqueta criada",
    S.POSTED: "Postado",
    S.IN_TRANSIT: "A caminho",
    S.OUT_FOR_DELIVERY: "Saiu para entrega",
    S.DELIVERY_FAILED: "Tentativa de entrega sem sucesso",
    S.AVAILABLE_FOR_PICKUP: "Pronto para retirada",
    S.DELIVERED: "Entregue",
    S.RETURNING: "Voltando para a loja",
    S.RETURNED: "Devolvido à loja",
    S.LOST: "Não localizado",
    S.EXCEPTION: "Problema no caminho",
    S.CANCELLED: "Envio cancelado",
    S.EXPIRED: "Sem notícias",
}

# How far along the five stages each state is.
STAGE_OF: dict[ParcelState, int] = {
    S.PENDING: 0,
    S.INFO_RECEIVED: 0,
    S.POSTED: 1,
    S.IN_TRANSIT: 2,
    S.EXCEPTION: 2,
    S.OUT_FOR_DELIVERY: 3,
    S.DELIVERY_FAILED: 3,
    S.AVAILABLE_FOR_PICKUP: 3,
    S.RETURNING: 3,
    S.DELIVERED: 4,
    S.RETURNED: 4,
}
STAGES = ("Preparando", "Postado", "A caminho", "Saiu para entrega", "Entregue")


@dataclass(frozen=True, slots=True)
class Stage:
    """``state`` is done, now, warn (here it stopped) or todo."""

    label: str
    state: Literal["done", "now", "warn", "todo"]
    day: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event: what happened in our words, and in the carrier's if they say more."""

    label: str
    text: str
    place: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Volume:
    label: str
    path: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Contact:
    label: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class BuyerPage:
    """Everything that stands on the page. What is not known is ``""`` or empty."""

    shop: str
    colour: str
    tone: Tone
    title: str
    lead: str
    expected: str
    is_late: bool
    stages: Sequence[Stage]
    volumes: Sequence[Volume]
    lines: Sequence[Line]
    lines_left_out: int
    carrier: str
    code: str
    carrier_url: str
    contacts: Sequence[Contact]
    order_number: str
    buyer: str
    city: str


def read_path(parcel: Parcel) -> str:
    return reverse("orders:buyer_page", args=[public_key(parcel)])


def read_link(parcel: Parcel) -> str:
    """The address of the buyer's page, as it is given to him: whoever knows it reads the page."""
    return f"{settings.PUBLIC_URL}{read_path(parcel)}"


def is_over(parcel: Parcel, now: dt.datetime) -> bool:
    """Whether the page tells nothing any more: so long after delivery, or after the last that happened."""
    last = parcel.delivered_at or parcel.ended_at or parcel.last_event_at or parcel.since_at
    return now - last > dt.timedelta(days=settings.BUYER_PAGE_DAYS)


def describe_parcel(
    *,
    parcel: Parcel,
    events: Sequence[ParcelEvent],
    order: Order,
    volumes: Sequence[Parcel],
    organization: Organization,
    now: dt.datetime,
) -> BuyerPage:
    """The page of ``parcel``. ``volumes`` are the order's parcels in their order, without replaced ones."""
    state = S(parcel.state)
    code = write_code(parcel.code)
    is_carrier_known = parcel.confidence in (Confidence.MAPPED, Confidence.CERTAIN)
    is_replaced = parcel.end_reason == EndReason.CODE_REPLACED and bool(volumes)
    is_cancelled = order.status == OrderStatus.CANCELLED and state not in BEYOND_CANCELLING
    holding = sorted(
        list_holding(events, parcel.counts_from), key=lambda event: event.occurred_at, reverse=True
    )
    carrier_url = public_url(parcel.carrier_key, code) if is_carrier_known else ""
    tone, title, lead = _say_state(
        parcel,
        order,
        code=code,
        carrier_url=carrier_url,
        is_one_of_many=len(volumes) > 1 and not is_replaced,
    )
    is_late, expected = _say_expected(parcel, order, now)
    if is_replaced:
        tone, title = "info", "O código de rastreio mudou"
        lead = "Este endereço era do código anterior. O caminho do pacote está aqui:"
        holding = []
    elif is_cancelled:
        tone, title, lead = "mute", "Este pedido foi cancelado", "Em caso de dúvida, fale com a loja."
    is_silent = is_replaced or is_cancelled
    address = order.delivery_address or (order.customer.address if order.customer else {})
    return BuyerPage(
        shop=name_shop(organization),
        colour=organization.shop_colour,
        tone="warn" if is_late and tone == "info" and not is_silent else tone,
        title=title,
        lead=lead,
        expected="" if is_silent else expected,
        is_late=is_late and not is_silent,
        stages=() if is_silent else _list_stages(state, parcel, holding),
        volumes=_list_volumes(parcel, volumes),
        lines=[_write_line(event) for event in holding[:MOST_EVENTS]],
        lines_left_out=max(0, len(holding) - MOST_EVENTS),
        carrier=_name_carrier(parcel),
        code="" if is_replaced else code,
        carrier_url="" if is_silent else carrier_url,
        contacts=_list_contacts(organization, write_order_number(order)),
        order_number=write_order_number(order),
        buyer=_find_first_name(order),
        city=write_city(address),
    )


def _name_carrier(parcel: Parcel) -> str:
    """A guess is told as such, and never led to."""
    carrier = find_carrier(parcel.carrier_key)
    if carrier is None:
        return ""
    return f"Provavelmente {carrier.name}" if parcel.confidence == Confidence.LIKELY else carrier.name


def _say_state(
    parcel: Parcel, order: Order, *, code: str, carrier_url: str, is_one_of_many: bool
) -> tuple[Tone, str, str]:
    state = S(parcel.state)
    tone, title = TITLES[state]
    lead = CLOSER_LEADS.get((state, parcel.substate), LEADS[state])
    if parcel.substate == "customs_payment" and not carrier_url:
        lead = lead.replace(ASKS_THE_CARRIER, ASKS_THE_SHOP)
    if state in NOT_POSTED and order.status in (OrderStatus.IN_TRANSIT, OrderStatus.DELIVERED):
        # The shop knows more than the carrier has told.
        title, lead = "{it} foi enviado", NOT_TOLD_YET
    if state == S.DELIVERED and parcel.delivered_at:
        lead = f"Em {write_moment(parcel.delivered_at, 'full')}. {lead}"
    if state == S.AVAILABLE_FOR_PICKUP:
        place = clean_text(parcel.last_place, LONGEST_PLACE)
        lead = f"Está na unidade da transportadora em {place}. {lead}" if place else lead
        lead = lead if code else lead.replace(ASKS_FOR_CODE, "o número do pedido")
    return tone, title.format(it="Este volume" if is_one_of_many else "Seu pedido"), lead


def _say_expected(parcel: Parcel, order: Order, now: dt.datetime) -> tuple[bool, str]:
    """Whether it is late, and the sentence: the shop promised one day, the carrier may tell another."""
    if parcel.state in NEVER_LATE:
        return False, ""
    today = to_brasilia(now).date()
    promised, told = order.expected_on, parcel.expected_on
    expected = told or promised
    if expected is None:
        return False, ""
    day = write_day(expected, "day")
    if expected < today:
        return True, f"A entrega está atrasada. A previsão era {day}."
    if promised and promised < expected:
        return True, f"Pode chegar depois do previsto. Nova previsão: {day}."
    return False, "Previsão de entrega: hoje." if expected == today else f"Previsão de entrega: {day}."


def _list_stages(state: ParcelState, parcel: Parcel, holding: Sequence[ParcelEvent]) -> list[Stage]:
    if state in WITHOUT_TRACK:
        return []
    here = STAGE_OF[state]
    days: dict[int, dt.datetime] = {}
    # Newest first: the earliest of each stage stays.
    for event in holding:
        stage = STAGE_OF.get(S(event.state))
        if stage is not None and event.state != S.EXCEPTION:
            days[stage] = event.occurred_at
    if parcel.posted_at:
        days.setdefault(1, parcel.posted_at)
    if parcel.delivered_at:
        days[4] = parcel.delivered_at
    if state == S.EXCEPTION:
        here = max([here, *(stage for stage in days if stage < 4)])
    labels = list(STAGES)
    if state in ON_THE_WAY_BACK:
        labels[3:] = "Voltando para a loja", "Devolvido à loja"
        days.pop(4, None)
        if parcel.state_at:
            days[here] = parcel.state_at
    elif state == S.AVAILABLE_FOR_PICKUP:
        labels[3] = "Pronto para retirada"
    elif state == S.DELIVERY_FAILED:
        labels[3] = "Tentativa sem sucesso"
    is_stopped = state in (S.EXCEPTION, S.DELIVERY_FAILED, *ON_THE_WAY_BACK)
    stages = []
    for place, label in enumerate(labels):
        at = days.get(place) if place <= here else None
        if place > here:
            progress: Literal["done", "now", "warn", "todo"] = "todo"
        elif place == here and state != S.DELIVERED:
            progress = "warn" if is_stopped else "now"
        else:
            progress = "done"
        stages.append(Stage(label, progress, write_moment(at, "short").split()[0] if at else ""))
    return stages


def _list_volumes(parcel: Parcel, volumes: Sequence[Parcel]) -> list[Volume]:
    """The order's other parcels and this one between them; nothing where there is no other."""
    if all(volume.pk == parcel.pk for volume in volumes):
        return []
    total = len(volumes)
    return [
        Volume(
            f"Volume {place} de {total}" if total > 1 else "Ver o caminho do pacote",
            read_path(volume),
            volume.pk == parcel.pk,
        )
        for place, volume in enumerate(volumes[:MOST_VOLUMES], start=1)
    ]


def _write_line(event: ParcelEvent) -> Line:
    state = S(event.state)
    label = EVENT_LABELS[state]
    text = "" if state in NAMES_SOMEBODY else clean_text(event.text, LONGEST_TEXT)
    place = clean_text(event.place, LONGEST_PLACE)
    return Line(label, "" if text.casefold() == label.casefold() else text, place, event.occurred_at)


def _list_contacts(organization: Organization, order_number: str) -> list[Contact]:
    subject = f"Pedido {order_number}"
    contacts = []
    if organization.shop_whatsapp:
        number = organization.shop_whatsapp
        url = f"https://wa.me/55{number}?text={quote(subject, safe='')}"
        contacts.append(Contact("WhatsApp", format_phone(number), url))
    if organization.shop_phone:
        number = organization.shop_phone
        is_national = len(number) < 10 or number.startswith("0")
        contacts.append(
            Contact("Telefone", format_phone(number), f"tel:{'' if is_national else '+55'}{number}")
        )
    if organization.shop_email:
        address = organization.shop_email
        url = f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}"
        contacts.append(Contact("E-mail", address, url))
    if re.match(r"https?://", organization.shop_site):
        site = organization.shop_site
        contacts.append(Contact("Site", re.sub(r"^https?://|/$", "", site), site))
    return contacts


def write_order_number(order: Order) -> str:
    """The one that the buyer knows, however long: unless somebody wrote his document there."""
    number = clean_characters(order.ecommerce_number[:LONGEST_PLACE])
    if not number or cpf.is_valid(number) or "@" in number:
        return str(order.number)
    return number


def _find_first_name(order: Order) -> str:
    if order.delivery_address.get("recipient"):
        return write_first_name(str(order.delivery_address["recipient"]))
    customer = order.customer
    return write_first_name(customer.name) if customer and customer.kind != CustomerKind.COMPANY else ""


def write_first_name(name: str) -> str:
    """``Maria`` of ``MARIA DA SILVA``; ``""`` for what is no name, such as a document."""
    first = next(iter(name.split()), "")
    if not 1 < len(first) <= 20 or not all(part.isalpha() for part in re.split(r"['’-]", first)):
        return ""
    return first if first[1:].lower() == first[1:] and first[0].isupper() else first.capitalize()


def write_city(address: object) -> str:
    """``Curitiba/PR``; ``""`` where the city is something else, such as a street with its number."""
    if not isinstance(address, dict):
        return ""
    city, state = (" ".join(str(address.get(name) or "").split()) for name in ("city", "state"))
    if not 0 < len(city) <= LONGEST_PLACE or not re.fullmatch(r"[^\W\d_]+(?:[ '’.-]+[^\W\d_]+)*", city):
        return ""
    return f"{city}/{state.upper()}" if re.fullmatch(r"[A-Za-z]{2}", state) else city


def write_code(code: str) -> str:
    """The code as the carrier knows it; ``""`` for the key of a nota, which tells who bought what."""
    bare = re.sub(r"\s", "", code)
    return "" if len(bare) >= 44 or is_nfe_key(bare) else clean_characters(code)


def clean_characters(text: str) -> str:
    """Without what cannot be seen and turns around what can: controls, marks of direction, line breaks."""
    visible = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join("".join(visible).split())


_EMAIL = re.compile(r"\S+@\S+")
_LONG_WORD = re.compile(r"[0-9A-Za-z]{30,}")
_DIGITS = re.compile(r"(?<!\d)\d(?:[\s.,()/–-]*\d){7,}")
_DATE = re.compile(r"\d{2}/\d{2}/(?:\d{4}|\d{2})(?!\d)")


def clean_text(text: str, longest: int) -> str:
    """A carrier's text as far as anybody may read it: without e-mails, and numbers of 8 digits or more."""
    # Cut first, so that a text of megabytes costs nothing; again later, because the marks take room.
    text = clean_characters(text[: longest * 10])
    text = _LONG_WORD.sub(HIDDEN, _EMAIL.sub(HIDDEN, text))
    text = _DIGITS.sub(_hide_number, text)
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _hide_number(found: re.Match[str]) -> str:
    """Days are no secret: of «20/11/2026 14» nothing is hidden."""
    without_days = _DATE.sub("", found.group())
    return HIDDEN if sum(character.isdigit() for character in without_days) >= 8 else found.group()
