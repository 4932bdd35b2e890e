"""The forms of products. The fields of the list's filter are the address, so they speak Portuguese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from stdnum import ean

from catalog.criteria import Criteria, StockKind
from catalog.models import Product, ProductStatus
from catalog.selectors import VIEWS, ProductFilter
from catalog.sentences import GUARDS
from catalog.values import FIELDS
from ui import filters
from ui.formats import NO_BREAK_SPACE, format_brl, format_quantity

LARGEST_FILE = 2_000_000


class FilterForm(filters.FilterForm):
    views = VIEWS

    marca = forms.ChoiceField(label="Marca", required=False)

    def __init__(self, *args: Any, brands: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brand_field: Any = self.fields["marca"]
        brand_field.choices = [("", "Todas"), *((brand, brand) for brand in brands)]

    def read(self) -> ProductFilter:
        shared = self.read_shared()
        return ProductFilter(**shared, brand=self.cleaned_data.get("marca") or "")

    def describe(self, wanted: ProductFilter) -> dict[str, str]:
        """What to say of each filter by its field, ``""`` of one that is off."""
        return {
            "q": f"Busca: {wanted.text}" if wanted.text else "",
            "marca": f"Marca: {wanted.brand}" if wanted.brand else "",
            "integracao": self.names.get(str(wanted.integration_id), ""),
        }


class AmountField(forms.DecimalField):
    """Accepts ``1284,9``, ``1.284,90`` and ``R$ 1.284,90``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=15,
            decimal_places=4,
            min_value=Decimal(0),
            required=False,
            localize=True,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            error_messages={
                "invalid": "Use números, como 249,90.",
                "min_value": "Use um número a partir de zero.",
                "max_decimal_places": "Use até 4 casas depois da vírgula.",
                "max_digits": "Este número é grande demais.",
                "max_whole_digits": "Este número é grande demais.",
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = re.sub(rf"R\$|[\s{NO_BREAK_SPACE}]", "", value) if isinstance(value, str) else value
        return super().to_python(text)


class ProductForm(forms.Form):
    """What a person may say of a product. Stock and images are the ERP's to say.

    A value that came from the ERP is not judged unless the person changed it.
    """

    sku = forms.CharField(
        label="SKU",
        max_length=120,
        error_messages={"required": "Informe o SKU.", "max_length": "Use até 120 caracteres."},
        help_text="O código que identifica o produto. Não muda depois.",
    )
    name = forms.CharField(
        label="Nome",
        max_length=500,
        error_messages={"required": "Informe o nome.", "max_length": "Use até 500 letras."},
    )
    status = forms.ChoiceField(label="Status", choices=ProductStatus.choices)
    price = AmountField(label="Preço (R$)")
    promotional_price = AmountField(label="Preço promocional (R$)")
    brand = forms.CharField(label="Marca", required=False, max_length=200)
    category = forms.CharField(
        label="Categoria", required=False, max_length=500, help_text="Da raiz à folha: Casa > Cozinha."
    )
    description = forms.CharField(
        label="Descrição",
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Aceita HTML simples: parágrafos, listas, negrito. Scripts e estilos são retirados.",
    )
    gtin = forms.CharField(label="GTIN", required=False, max_length=40)
    ncm = forms.CharField(label="NCM", required=False, max_length=40)
    unit = forms.CharField(label="Unidade", required=False, max_length=20)
    net_weight = AmountField(label="Peso líquido (kg)")
    gross_weight = AmountField(label="Peso bruto (kg)")
    height = AmountField(label="Altura (cm)")
    width = AmountField(label="Largura (cm)")
    length = AmountField(label="Comprimento (cm)")

    def __init__(self, data: Any = None, *, product: Product | None = None) -> None:
        self.product = product
        super().__init__(data, initial=_write(product) if product else None)
        if product is not None:
            del self.fields["sku"]
        for field in self.fields.values():
            field.widget.attrs.update({"autocomplete": "off"})

    def clean_category(self) -> list[str]:
        steps = (step.strip() for step in re.split(r">+|»", str(self.cleaned_data["category"])))
        return [step for step in steps if step]

    def clean_description(self) -> str:
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def clean_gtin(self) -> str:
        code = str(self.cleaned_data["gtin"])
        if code and "gtin" in self.changed_data and not ean.is_valid(code):
            raise ValidationError("Confira o GTIN: o último número não bate com os demais.")
        return code

    def clean_ncm(self) -> str:
        code = str(self.cleaned_data["ncm"])
        if code and "ncm" in self.changed_data and not re.fullmatch(r"\d{4}\.?\d{2}\.?\d{2}", code, re.ASCII):
            raise ValidationError("O NCM tem 8 números, como 9405.21.00.")
        return code

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        price, promotional = values.get("price"), values.get("promotional_price")
        former = self.product
        is_known = former is not None and (price, promotional) == (former.price, former.promotional_price)
        if not is_known and promotional and (price is None or promotional >= price):
            self.add_error("promotional_price", "O preço promocional precisa ser menor que o preço.")
        return values

    def read(self) -> Mapping[str, Any]:
        """What the person changed, by the names of ``FIELDS``. A promotional price of 0 is none."""
        values = {name: self.cleaned_data[name] for name in FIELDS if name in self.fields}
        values["promotional_price"] = values["promotional_price"] or None
        if self.product is None:
            return values
        written = _write(self.product)
        return {
            name: value
            for name, value in values.items()
            if value != (written[name] if isinstance(value, str) else getattr(self.product, name))
        }


def _write(product: Product) -> dict[str, Any]:
    """The product's values as the person types them."""
    values: dict[str, Any] = {}
    for name, spec in FIELDS.items():
        value = getattr(product, name)
        if name in ("price", "promotional_price"):
            values[name] = _write_price(value)
        elif spec.is_decimal:
            values[name] = "" if value is None else format_quantity(value)
        else:
            text = " > ".join(value) if name == "category" else value
            # As a browser sends it back, so that what nobody touched counts as such.
            values[name] = text.replace("\r\n", "\n").strip() if isinstance(text, str) else text
    return values


def _write_price(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    is_in_cents = amount == amount.quantize(Decimal("0.01"))
    return format_brl(amount).replace(f"R${NO_BREAK_SPACE}", "") if is_in_cents else format_quantity(amount)


class PercentField(forms.IntegerField):
    """A whole percentage; 0 turns off what it limits."""

    def __init__(self, *, max_value: int, **kwargs: Any) -> None:
        super().__init__(
            min_value=0,
            max_value=max_value,
            error_messages={
                "required": "Informe um número; 0 desliga.",
                "invalid": "Use um número inteiro.",
                "min_value": "Use um número a partir de zero.",
                "max_value": f"Use no máximo {max_value}.",
            },
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            **kwargs,
        )


class CriteriaForm(forms.Form):
    """«Critérios de atualização de produtos»: ``Criteria`` as boxes and choices."""

    # The words of the ERP's help page first.
    MAIN = ("ignore_category", "keep_name", "keep_status", "ignore_brand")
    MORE = (
        "keep_price", "keep_promotional_price", "keep_stock", "keep_images", "keep_measures", "keep_codes",
    )  # fmt: skip
    WHICH = ("only_active", "skip_without_sku")

    only_active = forms.BooleanField(label="Só produtos ativos", required=False)
    skip_without_sku = forms.BooleanField(label="Ignorar produtos sem SKU", required=False)
    stock_kind = forms.ChoiceField(
        label="Tipo de estoque",
        choices=[
            (StockKind.AVAILABLE.value, "Disponível (recomendado)"),
            (StockKind.PHYSICAL.value, "Físico"),
        ],
    )
    warehouse = forms.ChoiceField(label="Depósito", required=False)
    price_list_id = forms.ChoiceField(label="Lista de preços", required=False)
    safety_stock = forms.IntegerField(
        label="Estoque de segurança",
        min_value=0,
        max_value=1_000_000,
        error_messages={
            "required": "Informe um número; 0 para nenhum.",
            "invalid": "Use um número inteiro.",
            "min_value": "Use um número a partir de zero.",
            "max_value": "Este número é grande demais.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Unidades que nunca são oferecidas.",
    )
    zeroed_percent = PercentField(
        label="Zeragens (%)",
        max_value=99,
        help_text="Se mais do que isto dos SKUs com estoque que o Tiny informa em uma hora vier zerado, as "
        "zeragens esperam por você. 0 desliga.",
    )
    price_percent = PercentField(
        label="Preço (%)",
        max_value=10_000,
        help_text="Um preço que sobe ou desce mais do que isto espera por você; uma promoção, se ficar mais "
        "do que isto abaixo do preço. 0 desliga.",
    )
    sends_products = forms.BooleanField(
        label="Enviar ao Tiny os produtos criados ou alterados aqui", required=False
    )

    def __init__(
        self, data: Any = None, *, criteria: Criteria, choices: Mapping[str, Any], may_edit: bool
    ) -> None:
        super().__init__(data, initial=criteria.to_choices())
        for name in (*self.MAIN, *self.MORE):
            self.fields[name] = forms.BooleanField(label=GUARDS[name], required=False)
        warehouses = {str(name): str(name) for name in choices["warehouses"]}
        lists = {str(one["id"]): str(one["name"]) for one in choices["price_lists"]}
        # What was chosen can be chosen again, whether the ERP still names it or not.
        for chosen, known in ((criteria.warehouse, warehouses), (criteria.price_list_id, lists)):
            if chosen:
                known.setdefault(chosen, f"{chosen} (o Tiny não mostra mais)")
        self._offer("warehouse", "Todos os que contam no saldo", warehouses)
        self._offer("price_list_id", "O preço do próprio produto", lists)
        for field in self.fields.values():
            field.disabled = not may_edit

    def _offer(self, name: str, unchosen: str, known: Mapping[str, str]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", unchosen), *known.items()]

    def group(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    def main(self) -> list[forms.BoundField]:
        return self.group(self.MAIN)

    def more(self) -> list[forms.BoundField]:
        return self.group(self.MORE)

    def which(self) -> list[forms.BoundField]:
        return self.group(self.WHICH)

    def read(self) -> Criteria:
        values = dict(self.cleaned_data)
        values["stock_kind"] = StockKind(values["stock_kind"])
        return Criteria(**values)


class MappingFileForm(forms.Form):
    """The de-para as a file."""

    file = forms.FileField(
        label="Arquivo CSV",
        error_messages={"required": "Escolha o arquivo.", "empty": "O arquivo está vazio."},
        widget=forms.FileInput(attrs={"class": "inp", "accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError("O arquivo passa de 2 MB. Divida em partes.")
        return file
