"""Products: ours, what the ERP has for each, its stock, and how both moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.tenancy import TenantModel
from contracts.records import ProductKind, ProductState
from integrations.imports import IS_OPEN, ImportRun
from integrations.references import ErpReference


class ProductStatus(models.TextChoices):
    ACTIVE = "active", "Ativo"
    INACTIVE = "inactive", "Inativo"


class Figure(models.TextChoices):
    STOCK = "stock", "Estoque"
    PRICE = "price", "Preço"
    PROMOTIONAL_PRICE = "promotional_price", "Preço promocional"


class ChangeSource(models.TextChoices):
    IMPORT = "import", "Importação"
    POLL = "poll", "Consulta periódica"
    NOTIFICATION = "notice", "Notificação"
    PERSON = "person", "Pessoa"
    API = "api", "API"


class CatalogCounter(TenantModel):
    """The organization's own sequence of revisions.

    Whoever writes a product holds this row until the end of the transaction, so that revisions become
    visible in their order and a reader who asks «since» passes nothing over.
    """

    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="catalog_counter_once")]

    def __str__(self) -> str:
        return str(self.last)


class Product(TenantModel):
    """A product as the marketplace sees it. ``sku`` identifies it within the organization, case included.

    ``stock`` is what may be sold: never below 0, and ``None`` while it is not known. ``category`` is the path
    from the root; ``attributes`` are pairs such as Cor and Azul; ``components`` are SKUs with quantities.
    Weights are in kg, measures of the package in cm. ``source_integration`` is the one whose values arrive
    here. ``changed_here_at`` stands while a change made here waits to be written to the ERP, and
    ``changed_here`` names the fields of it.

    The revisions are numbers of the organization's counter: of the last change of anything, of the prices,
    of the stock.
    """

    sku = models.CharField(max_length=120)
    name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    kind = models.CharField(
        max_length=12,
        choices=[(kind.value, kind.value) for kind in ProductKind],
        default=ProductKind.SIMPLE.value,
    )
    status = models.CharField(max_length=8, choices=ProductStatus, default=ProductStatus.ACTIVE)
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="variations", db_constraint=False
    )
    brand = models.TextField(blank=True)
    category = models.JSONField(default=list)
    ncm = models.TextField(blank=True)
    gtin = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    net_weight = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    gross_weight = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    height = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    width = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    length = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    images = models.JSONField(default=list)
    attributes = models.JSONField(default=list)
    components = models.JSONField(default=list)
    price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    promotional_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    stock = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    source_integration = models.ForeignKey(
        "integrations.Integration",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
    )
    changed_here_at = models.DateTimeField(null=True)
    changed_here = models.JSONField(default=list)
    revision = models.BigIntegerField(default=0)
    price_revision = models.BigIntegerField(default=0)
    stock_revision = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "sku"], name="catalog_sku_once")]
        indexes = [
            models.Index(fields=["organization", "revision"], name="catalog_by_revision"),
            models.Index(fields=["organization", "price_revision"], name="catalog_by_price_rev"),
            models.Index(fields=["organization", "stock_revision"], name="catalog_by_stock_rev"),
            models.Index(fields=["organization", "gtin"], name="catalog_by_gtin"),
            models.Index(fields=["organization", "parent"], name="catalog_by_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}".strip()


class LinkedBy(models.TextChoices):
    SKU = "sku", "SKU igual"
    PERSON = "person", "Pessoa"
    SENDING = "sending", "Envio"


class ProductReference(ErpReference):
    """A product of the ERP, and which of ours it is; ``product`` is null while that is not known.

    ``values`` are the ERP's, by the names of ``catalog.values.FIELDS``, whether they arrived here or were
    kept out. ``problems`` are codes of ``catalog.problems``. ``passed_over`` says, as a code, why the
    criteria left the product out. ``details_hash`` is the row's hash when the single product was last read;
    ``seen_at`` the last complete reading of the list that met the row. ``stock_asked_at`` is when the stock
    that is known was asked for: an answer to an earlier question tells nothing new. While ``is_beginning``,
    our product was made of this one and the single product was not read yet.
    """

    product = models.ForeignKey(
        Product, null=True, on_delete=models.SET_NULL, related_name="references", db_constraint=False
    )
    linked_by = models.CharField(max_length=8, choices=LinkedBy, blank=True)
    sku = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in ProductKind])
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in ProductState])
    parent_external_id = models.CharField(max_length=60, blank=True)
    values = models.JSONField(default=dict)
    variation_ids = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    passed_over = models.CharField(max_length=40, blank=True)
    is_problem_ignored = models.BooleanField(default=False)
    is_beginning = models.BooleanField(default=False)
    row_hash = models.CharField(max_length=64)
    details_hash = models.CharField(max_length=64, blank=True)
    details_read_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    stock_asked_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "external_id"], name="catalog_reference_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "integration", "product"],
                condition=Q(product__isnull=False),
                name="catalog_reference_of_product_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "integration", "sku"], name="catalog_reference_by_sku"),
            models.Index(
                fields=["organization", "integration", "parent_external_id"],
                condition=~Q(parent_external_id=""),
                name="catalog_reference_by_parent",
            ),
            models.Index(
                fields=["organization", "integration", "id"],
                condition=~Q(details_hash=F("row_hash")),
                name="catalog_reference_unread",
            ),
        ]

    # Until the end of the transaction that tied it to its product: what comes with it is no change.
    is_just_linked = False

    def __str__(self) -> str:
        return f"{self.external_id} at integration {self.integration_id}"

    def learn(self, told: Mapping[str, Any]) -> None:
        """Take over values that the ERP told; the caller saves."""
        self._former = getattr(self, "_former", self.values)
        self.values = {**self.values, **told}

    def remember(self, former: Mapping[str, Any]) -> None:
        """What the ERP had told before, when it was learnt by another object of this row."""
        self._former = former

    def find_news(self) -> list[str]:
        """Names of values that the ERP had told otherwise before ``learn``."""
        former = getattr(self, "_former", self.values)
        return [name for name, value in self.values.items() if name in former and former[name] != value]


class WarehouseStock(TenantModel):
    """Stock of one product of the ERP in one of its depósitos. ``is_ignored`` there: outside the balance."""

    reference = models.ForeignKey(
        ProductReference, on_delete=models.CASCADE, related_name="warehouses", db_constraint=False
    )
    name = models.TextField()
    balance = models.DecimalField(max_digits=16, decimal_places=4)
    reserved = models.DecimalField(max_digits=16, decimal_places=4)
    is_ignored = models.BooleanField(default=False)
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "reference", "name"], name="catalog_warehouse_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.balance}"


class FigureChange(TenantModel):
    """One step of a product's stock or price, for its chart. ``before`` is null for the first one known.

    ``unchanged_at``: the ERP still told ``before`` then, when it was asked the last time; null if not known.
    """

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="figure_changes", db_constraint=False
    )
    figure = models.CharField(max_length=20, choices=Figure)
    before = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    after = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    at = models.DateTimeField()
    unchanged_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=10, choices=ChangeSource)
    person = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "product", "figure", "-at"], name="catalog_figures"),
            models.Index(
                fields=["organization", "at"], condition=Q(source="poll"), name="catalog_figures_found"
            ),
            models.Index(
                fields=["organization", "at"],
                condition=Q(Q(after=0) | Q(after=None), figure=Figure.STOCK, before__gt=0),
                name="catalog_figures_emptied",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.figure}: {self.after}"


class HeldDecision(models.TextChoices):
    ACCEPTED = "accepted", "Aceita"
    REFUSED = "refused", "Mantido o nosso"
    WITHDRAWN = "withdrawn", "Desfeita pelo ERP"


class HeldChange(TenantModel):
    """A change of a figure that looked too harmful to arrive by itself, until a person decides.

    ``after`` is what the ERP told last; ``reason_code`` with its parameters says what looked wrong.
    ``decision`` is of ``HeldDecision``; one that a person took holds for that very value, while ``stands``:
    until the ERP tells another one. One per product and figure waits.
    """

    integration = models.ForeignKey(
        "integrations.Integration",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    reference = models.ForeignKey(
        ProductReference, on_delete=models.CASCADE, related_name="held_changes", db_constraint=False
    )
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="held_changes", db_constraint=False
    )
    figure = models.CharField(max_length=20, choices=Figure)
    before = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    after = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    reason_code = models.CharField(max_length=60)
    reason_params = models.JSONField(default=dict)
    held_at = models.DateTimeField()
    stands = models.BooleanField(default=True)
    decision = models.CharField(max_length=10, choices=HeldDecision, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "product", "figure"],
                condition=Q(stands=True),
                name="catalog_held_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "integration", "reason_code"],
                condition=Q(decided_at=None),
                name="catalog_held_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.figure} held at {self.before}"


class ProductCriteria(TenantModel):
    """The choices of an integration as ``catalog.criteria.Criteria``; without a row its defaults hold."""

    integration = models.OneToOneField(
        "integrations.Integration", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    choices = models.JSONField(default=dict)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return f"criteria of integration {self.integration_id}"


class ProductImport(ImportRun):
    """Products that a person asked for. ``rows_*`` count the list, ``details_*`` the single products.

    ``calls_per_product`` is 1, or 2 where the stock costs a call of its own.
    """

    calls_per_product = models.IntegerField(default=1)
    details_total = models.IntegerField(null=True)
    details_read = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration"], condition=IS_OPEN, name="catalog_import_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"import of products ({self.state})"
