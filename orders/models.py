"""Orders with what belongs to them: items, installments, invoices, shipments and the tie to the ERP."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel
from contracts.order_status import OrderStatus
from contracts.records import InvoiceState
from integrations.imports import IS_OPEN, ImportRun
from integrations.references import ErpReference


class Origin(models.TextChoices):
    """Who gave us the order. One from the ERP is never sent there."""

    ERP = "erp", "Importado do ERP"
    API = "api", "Recebido pela API"
    SHEET = "sheet", "Recebido por planilha"


class OrderCounter(TenantModel):
    """The organization's own sequence of order numbers: an ERP recycles its numbers, a URL must not.

    ``revision`` is that of the last transaction that wrote orders.
    """

    last = models.BigIntegerField(default=0)
    revision = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="orders_counter_once")]

    def __str__(self) -> str:
        return str(self.last)


class Order(TenantModel):
    """``number`` is ours; ``erp_number`` and ``ecommerce_number`` are the other two, always labelled.

    ``placed_on`` is the São Paulo day that the ERP calls creation. The totals beside ``total`` are known
    once the details were read (``details_loaded_at``). ``delivery_address`` is empty when it is the
    customer's own. ``integration`` is empty while nobody knows to which ERP the order goes.
    ``buyer_conflicts`` holds what the order says of its buyer otherwise than the customer's record does: by
    field a pair of the record's and the order's. ``request_hash`` is of the body that placed it.
    """

    integration = models.ForeignKey(
        "integrations.Integration",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
    )
    customer = models.ForeignKey(
        "customers.Customer", null=True, on_delete=models.PROTECT, related_name="orders", db_constraint=False
    )
    number = models.BigIntegerField()
    origin = models.CharField(max_length=10, choices=Origin)
    status = models.CharField(max_length=20, choices=[(status.value, status.label) for status in OrderStatus])
    is_return = models.BooleanField(default=False)
    erp_number = models.CharField(max_length=40, blank=True)
    ecommerce_number = models.CharField(max_length=80, blank=True)
    ecommerce_name = models.TextField(blank=True)
    placed_on = models.DateField(null=True)
    total = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    products_total = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    freight = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    discount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    other_expenses = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    expected_on = models.DateField(null=True)
    delivery_address = models.JSONField(default=dict)
    notes = models.TextField(blank=True)
    seller_code = models.CharField(max_length=60, blank=True)
    seller_name = models.CharField(max_length=120, blank=True)
    buyer_conflicts = models.JSONField(default=dict)
    request_hash = models.CharField(max_length=64, blank=True)
    revision = models.BigIntegerField(default=0)
    details_loaded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="orders_number_once"),
            models.UniqueConstraint(
                fields=["organization", "ecommerce_name", "ecommerce_number"],
                condition=~Q(origin="erp"),
                name="orders_placed_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "revision", "id"], name="orders_by_revision"),
            models.Index(fields=["organization", "-placed_on", "-number"], name="orders_by_date"),
            models.Index(fields=["organization", "erp_number"], name="orders_by_erp_number"),
            models.Index(fields=["organization", "ecommerce_number"], name="orders_by_ecommerce"),
            models.Index(fields=["organization", "status"], name="orders_by_status"),
        ]

    def __str__(self) -> str:
        return f"Pedido {self.number}"


class OrderReference(ErpReference):
    """The order's row at the ERP: the last situation known there, and a hash that decides «unchanged».

    ``details_hash`` is the row's hash when the details were last read; ``seen_at`` is the last sweep that
    met the row.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, related_name="reference", db_constraint=False
    )
    situation = models.CharField(max_length=40)
    row_hash = models.CharField(max_length=64)
    details_hash = models.CharField(max_length=64, blank=True)
    awaiting_invoice_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "external_id"], name="orders_reference_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "integration"],
                condition=Q(awaiting_invoice_since__isnull=False),
                name="orders_awaiting_invoice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id} at integration {self.integration_id}"


class ForwardingState(models.TextChoices):
    """Where an order placed here stands on its way to the ERP."""

    WAITING = "waiting", "Aguardando o status"
    UNROUTED = "unrouted", "Sem integração"
    DUE = "due", "A enviar"
    OUTSIDE = "outside", "Fora do critério"
    SENT = "sent", "Enviado"


class OrderForwarding(TenantModel):
    """The way of an order that was placed here to the ERP, and which reason applies to it now.

    ``key`` is the order's name at the ERP, in no other order of this installation. ``attempted_at`` stands
    from before a call that may create the order until its outcome is known: found standing, the order may be
    there as ``attempt`` tells: ``protocol``, ``status``, ``seller`` (code, name) and ``seller_id`` as sent,
    ``left_out``, and ``buyer_name`` and ``buyer_document`` as the ERP has them, both empty where nobody
    knows. ``is_forced``: a person sends it in spite of the criteria.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, related_name="forwarding", db_constraint=False
    )
    key = models.CharField(max_length=10, unique=True)
    state = models.CharField(max_length=10, choices=ForwardingState)
    reason_code = models.CharField(max_length=60)
    reason_params = models.JSONField(default=dict)
    is_forced = models.BooleanField(default=False)
    attempted_at = models.DateTimeField(null=True)
    attempt = models.JSONField(default=dict)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "state"], name="orders_forwarding_state"),
            models.Index(
                fields=["organization", "attempted_at"],
                condition=Q(attempted_at__isnull=False),
                name="orders_forwarding_unproven",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"


class IdempotencyKey(TenantModel):
    """An ``Idempotency-Key`` of the REST API and what it stood for. ``request_hash`` is of the body."""

    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="orders_idempotency_once")
        ]

    def __str__(self) -> str:
        return self.key


class PassedOverOrder(ErpReference):
    """An order of the ERP that was not imported, and why: nothing is skipped in silence."""

    erp_number = models.CharField(max_length=40, blank=True)
    situation = models.CharField(max_length=40)
    reason_code = models.CharField(max_length=60)
    row_hash = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "external_id"], name="orders_passed_over_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id}: {self.reason_code}"


class OrderItem(TenantModel):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items", db_constraint=False)
    position = models.IntegerField()
    sku = models.TextField(blank=True)
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=6, blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)
    total = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "order", "position"], name="orders_item_once")
        ]

    def __str__(self) -> str:
        return self.description


class OrderInstallment(TenantModel):
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="installments", db_constraint=False
    )
    position = models.IntegerField()
    due_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    method = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "order", "position"], name="orders_installment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.amount}"


class Invoice(TenantModel):
    """A nota fiscal of the order. ``access_key`` is the 44-character chave de acesso, when there is one."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="invoices", db_constraint=False)
    integration = models.ForeignKey(
        "integrations.Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    external_id = models.CharField(max_length=60)
    number = models.CharField(max_length=20, blank=True)
    series = models.CharField(max_length=10, blank=True)
    access_key = models.CharField(max_length=44, blank=True)
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in InvoiceState])
    issued_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "external_id"], name="orders_invoice_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "number"], name="orders_invoice_number")]

    def __str__(self) -> str:
        return f"NF {self.number}"


class OrderShipment(TenantModel):
    """The raw strings with which the ERP names the carriage; type and id of the method are the ERP's, too.

    ``tracking_wanted_at``: since then the order is in a situation in which its parcel is to be followed.
    ``needs_following``: something changed that its parcels have not been told of. ``typed_at``: since then a
    code that was typed here waits to be written at the ERP, whose own is not heard. ``erp_code`` is what the
    ERP made of such a code: told again it is no news.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, related_name="shipment", db_constraint=False
    )
    carrier_name = models.TextField(blank=True)
    shipping_method = models.TextField(blank=True)
    freight_method = models.TextField(blank=True)
    tracking_code = models.TextField(blank=True)
    shipping_method_id = models.TextField(blank=True)
    shipping_method_type = models.TextField(blank=True)
    tracking_url = models.TextField(blank=True)
    tracking_wanted_at = models.DateTimeField(null=True)
    needs_following = models.BooleanField(default=False)
    typed_at = models.DateTimeField(null=True)
    erp_code = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "id"],
                condition=Q(needs_following=True),
                name="orders_shipment_to_follow",
            ),
        ]

    def __str__(self) -> str:
        return self.tracking_code or self.shipping_method


class AddedBy(models.TextChoices):
    """Who brought the code of a parcel."""

    ERP = "erp", "ERP"
    PERSON = "person", "Pessoa"


class OrderParcel(TenantModel):
    """A parcel with goods of the order. ``written_at``: since then the ERP has the code, typed here."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="parcels", db_constraint=False)
    parcel = models.OneToOneField(
        "tracking.Parcel", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    added_by = models.CharField(max_length=10, choices=AddedBy)
    added_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"parcel {self.parcel_id} of order {self.order_id}"


class ShippingMethodList(TenantModel):
    """The ways to send of an integration's account: ``types`` is by the ERP's id what each of them is.

    ``asked_at`` is when they were last asked for, with or without an answer; ``read_at`` when one came.
    """

    integration = models.OneToOneField(
        "integrations.Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    types = models.JSONField(default=dict)
    asked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{len(self.types)} shipping methods of integration {self.integration_id}"


class StatusMapVersion(TenantModel):
    """What a person saved as «Mapeamento de status» of an integration; the newest holds.

    ``outward`` is the situation to write by status (``""``: Não alterar), ``rules`` are by situation the
    fields of ``orders.status_map.Rule``.
    """

    integration = models.ForeignKey(
        "integrations.Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    number = models.IntegerField()
    outward = models.JSONField()
    rules = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=120)
    undoes = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "number"], name="orders_status_map_once"
            )
        ]

    def __str__(self) -> str:
        return f"status map {self.number} of integration {self.integration_id}"


class StatusMapRun(TenantModel):
    """«Aplicar aos pedidos em aberto»: the open orders of an integration, each looked at by the map once.

    ``orders_moved`` got another status here, ``orders_written`` have a situation on its way to the ERP.
    """

    integration = models.ForeignKey(
        "integrations.Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    requested_by = models.CharField(max_length=120)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    orders_total = models.IntegerField(default=0)
    orders_read = models.IntegerField(default=0)
    orders_moved = models.IntegerField(default=0)
    orders_written = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration"],
                condition=Q(finished_at__isnull=True),
                name="orders_status_map_run_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.orders_read} of {self.orders_total}"


class OrderImport(ImportRun):
    """Orders of the past that a person asked for, from ``created_from`` on."""

    created_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration"], condition=IS_OPEN, name="orders_import_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"import since {self.created_from} ({self.state})"


class SheetState(models.TextChoices):
    CHECKED = "checked", "Aguardando você"
    RUNNING = "running", "Em andamento"
    DONE = "done", "Concluída"


class OrderSheet(TenantModel):
    """A CSV of orders that a person sent, and what became of it.

    ``text`` has people's data: it stands until its orders were taken. ``orders_total`` can be placed, and
    ``orders_created`` and ``orders_known`` of them were; ``refusals`` are the others, each as number, our
    number of the order that stands in its way, and channel. ``problems`` are the first of ``problem_count``
    things that are wrong in it, each as line, column and text.
    """

    name = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=SheetState, default=SheetState.CHECKED)
    requested_by = models.CharField(max_length=120)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    orders_total = models.IntegerField(default=0)
    orders_created = models.IntegerField(default=0)
    orders_known = models.IntegerField(default=0)
    refusals = models.JSONField(default=list)
    problem_count = models.IntegerField(default=0)
    problems = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["organization", "-requested_at"], name="orders_sheet_by_time")]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    @property
    def orders_read(self) -> int:
        return self.orders_created + self.orders_known + len(self.refusals)
