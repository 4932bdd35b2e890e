"""A tracking code that a person types here: followed at once, and written at the ERP."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from django.db import transaction

from accounts import clock
from contracts.order_status import OrderStatus
from contracts.records import ErpShipment, ShipmentDraft
from history.services import record_all
from jobs.queue import Priority
from orders.models import AddedBy, Order, OrderParcel, OrderReference, OrderShipment
from orders.services.lines import person_line, platform_line, take_revision
from orders.services.parcels import follow_order, list_links
from orders.services.queueing import enqueue_shipment
from tracking.carriers import CARRIERS
from tracking.codes import split_codes

LONGEST_TEXT = 200
LONGEST_URL = 500


class TrackingCodeRefused(ValueError):
    """The text is for the person; ``field`` is ``"code"`` or ``"url"``."""

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


@transaction.atomic
def set_tracking_code(*, order: Order, code: str, carrier_key: str = "", url: str = "", by: str) -> None:
    """The order goes under ``code``, which may be several, or can be seen at ``url``.

    ``carrier_key`` is the carrier that the person chose, ``""`` to find it by what is known. Typing the same
    again changes nothing. Raises ``TrackingCodeRefused``.
    """
    code, url = " ".join(code.split()), url.strip()
    _check(code, url)
    reference = OrderReference.objects.select_for_update().filter(order=order).first()
    revision = take_revision()
    locked = Order.objects.select_for_update(of=("self",), no_key=True).select_related("integration")
    order = locked.get(pk=order.pk)
    if order.status == OrderStatus.CANCELLED:
        raise TrackingCodeRefused("code", "Este pedido está cancelado e não é mais acompanhado.")
    now = clock.now()
    shipment = OrderShipment.objects.select_for_update().filter(order=order).first()
    shipment = shipment or OrderShipment(order=order)
    carrier_name = CARRIERS[carrier_key].name if carrier_key else shipment.carrier_name
    given = (code, url, carrier_name)
    if given == (shipment.tracking_code, shipment.tracking_url, shipment.carrier_name):
        return
    shipment.tracking_code, shipment.tracking_url, shipment.carrier_name = given
    shipment.tracking_wanted_at = shipment.tracking_wanted_at or now
    shipment.typed_at = shipment.updated_at = now
    shipment.save()
    order.revision, order.updated_at = revision, now
    order.save(update_fields=["revision", "updated_at"])
    record_all([person_line(order.pk, "order.tracking_typed", {"code": code or url}, now, by)])
    follow_order(order_id=order.pk)
    if reference is not None and reference.deleted_at is None and order.integration is not None:
        enqueue_shipment(order=order, integration=order.integration, priority=Priority.PERSON)


def _check(code: str, url: str) -> None:
    if not code and not url:
        raise TrackingCodeRefused("code", "Informe o código de rastreio ou o link.")
    if len(code) > LONGEST_TEXT or (code and not split_codes(code)):
        raise TrackingCodeRefused("code", "Isto não parece um código de rastreio.")
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(url) > LONGEST_URL or any(char.isspace() or char == "\\" for char in url):
        raise TrackingCodeRefused("url", "O link deve começar com http:// ou https://.")


def find_draft(order_id: int) -> ShipmentDraft | None:
    """What waits to be written at the ERP."""
    shipment = OrderShipment.objects.filter(order_id=order_id, typed_at__isnull=False).first()
    return ShipmentDraft(shipment.tracking_code, shipment.tracking_url) if shipment else None


@transaction.atomic
def record_tracking_written(
    *, order_id: int, sent: ShipmentDraft, found: ErpShipment, not_taken: Collection[str], is_new: bool
) -> None:
    """The ERP was told ``sent``, and has ``found``. Without ``is_new`` it had it already.

    What was typed since then is still to be written.
    """
    shipment = OrderShipment.objects.select_for_update().filter(order_id=order_id).first()
    if shipment is None or shipment.typed_at is None:
        return
    now = clock.now()
    if (shipment.tracking_code, shipment.tracking_url) == (sent.tracking_code, sent.tracking_url):
        shipment.typed_at = None
        shipment.erp_code = found.tracking_code
        shipment.save(update_fields=["typed_at", "erp_code"])
    pks = [link.pk for link in list_links(order_id) if link.added_by == AddedBy.PERSON]
    OrderParcel.objects.filter(pk__in=pks, written_at=None).update(written_at=now)
    params = {"code": sent.tracking_code or sent.tracking_url}
    code = "order.tracking_sent" if is_new else "order.tracking_already_there"
    lines = [platform_line(order_id, code, params, now)]
    if not_taken:
        lines.append(platform_line(order_id, "order.not_taken", {"fields": ", ".join(not_taken)}, now))
    record_all(lines)
