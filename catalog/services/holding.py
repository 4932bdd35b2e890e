"""What looks too harmful to arrive by itself waits for a person (``catalog.safety`` says what that is)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from catalog import safety
from catalog.criteria import LISTED, RELEASED, STATUS_BEFORE, TOLD, Criteria, Decision
from catalog.held_selectors import (
    count_asked_in_stock,
    count_released,
    count_reserved,
    list_codes_waiting,
    list_in_stock,
    list_just_released,
    list_just_zeroed,
    list_zeros_waiting,
)
from catalog.models import (
    ChangeSource,
    Figure,
    HeldChange,
    HeldDecision,
    Product,
    ProductReference,
    ProductStatus,
)
from catalog.safety import Harm, Recent
from catalog.sentences import describe_held, describe_value
from catalog.services.lines import product_line
from catalog.values import FIELDS, Values
from history.models import HistoryEntry, Source
from history.services import record, record_all
from integrations.models import Integration
from jobs.selectors import is_failing

FIGURES = tuple(Figure.values)
# Jobs that ask the ERP for stock and prices: if one of them met a failure, what it says next is doubtful.
READERS = (
    "import_products", "pull_products", "complete_products", "read_product", "recheck_products",
    "reconcile_products", "pull_list_prices",
)  # fmt: skip
# The line of the integration's history when the first change is held for this reason.
TRIPPED = {
    safety.MANY_ZEROED: "products.many_zeroed_held",
    safety.RESERVED_LOST: "products.reserved_lost_held",
    safety.AFTER_FAILURE: "products.doubtful_held",
    safety.PRICE_MOVED: "products.price_held",
    safety.PRICE_LOST: "products.price_held",
}


@dataclass(slots=True)
class Arrival:
    """What arrives at one product; ``theirs`` is what the ERP has, and the criteria let count."""

    product: Product
    reference: ProductReference
    theirs: Values
    decision: Decision

    @property
    def is_first(self) -> bool:
        """What it says is where the product begins, and no change."""
        return self.reference.is_beginning or self.reference.is_just_linked

    def figures(self) -> dict[str, tuple[Any, Any]]:
        return {name: change for name, change in self.decision.changes.items() if name in FIGURES}

    def told_at(self, figure: str, criteria: Criteria) -> dt.datetime | None:
        """When the ERP was asked for what it says of this figure."""
        listed = self.reference.values.get(LISTED, {})
        if figure == Figure.STOCK:
            return self.reference.stock_asked_at
        if criteria.price_list_id and listed.get("id") == criteria.price_list_id:
            return dt.datetime.fromisoformat(listed["seen"])
        return self.reference.details_read_at

    def keep_out(self, names: set[str]) -> None:
        if Figure.STOCK in names and self.reference.deleted_at is not None:
            # A product that is gone loses its stock and its status by one answer.
            names = names | {"status"}
        changes = {name: change for name, change in self.decision.changes.items() if name not in names}
        self.decision = replace(self.decision, changes=changes)


def hold_harmful(
    arrivals: Sequence[Arrival], criteria: Criteria, *, source: ChangeSource, at: dt.datetime
) -> list[Arrival]:
    """Take out of ``arrivals`` what a person decides. Returns what is put back of what had arrived.

    The caller holds the organization's ``CatalogCounter``, and all arrivals are of one integration. What a
    person does is never held anew; it leaves alone what waits.
    """
    if not arrivals:
        return []
    known = _read_standing(arrivals)
    judgement = _Judgement(criteria, source, at, known)
    judgement.look_around(arrivals)
    for arrival in arrivals:
        judgement.judge(arrival)
    return judgement.write(arrivals)


Key = tuple[int, str]


def _read_standing(arrivals: Sequence[Arrival]) -> dict[Key, HeldChange]:
    """Of each figure of these products what waits, or what a person decided of the value it has still."""
    rows = HeldChange.objects.filter(stands=True, product__in=[one.product.pk for one in arrivals])
    return {(row.product_id, row.figure): row for row in rows}


@dataclass(slots=True)
class _Judgement:
    criteria: Criteria
    source: ChangeSource
    at: dt.datetime
    known: Mapping[Key, HeldChange]
    recent: Recent = field(default_factory=Recent)
    new: list[HeldChange] = field(default_factory=list)
    changed: list[HeldChange] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    lines: list[HistoryEntry] = field(default_factory=list)

    def look_around(self, arrivals: Sequence[Arrival]) -> None:
        """What else happened at this integration; asked for only where something here may be a fault."""
        losing = {one.product.pk for one in arrivals if self._would_lose_stock(one)}
        is_releasing = any(map(self._is_released, arrivals))
        if not losing and not is_releasing and not any(map(_moves_price, arrivals)):
            return
        integration = arrivals[0].reference.integration
        since = self.at - safety.WINDOW
        self.recent = Recent(is_failing=is_failing(integration.channel, READERS))
        if losing:
            self._look_for_zeros(integration, losing, since)
        if is_releasing:
            self.recent = replace(
                self.recent,
                released=count_released(integration, since),
                reserved=count_reserved(integration, since),
            )

    def _look_for_zeros(self, integration: Integration, losing: set[int], since: dt.datetime) -> None:
        waiting = list_zeros_waiting(integration)
        recent = replace(
            self.recent,
            zeroed=list_just_zeroed(integration, since).count(),
            losing=len(losing) - waiting.filter(product__in=losing).count(),
            waiting=waiting.count(),
            fresh=waiting.filter(held_at__gte=since).count(),
        )
        if recent.gone >= safety.LEAST_ZEROED:
            # Counted over the whole shop, which a single sale is not worth.
            recent = replace(
                recent,
                in_stock=list_in_stock(integration).count(),
                asked=count_asked_in_stock(integration, since, losing),
            )
        self.recent = recent

    def _would_lose_stock(self, arrival: Arrival) -> bool:
        change = arrival.decision.changes.get(Figure.STOCK)
        if change is None or arrival.is_first or not safety.is_zeroing(change):
            return False
        row = self.known.get((arrival.product.pk, Figure.STOCK))
        return row is None or row.decided_at is None or row.after != change[1]

    def _is_released(self, arrival: Arrival) -> bool:
        """It offers more, and the end of its reservations is what made it so."""
        values = arrival.reference.values
        if TOLD in values or not safety.is_rising(arrival.decision.changes.get(Figure.STOCK)):
            return False
        row = self.known.get((arrival.product.pk, Figure.STOCK))
        is_waiting = row is not None and row.decided_at is None and row.reason_code == safety.RESERVED_LOST
        since = (self.at - safety.WINDOW).isoformat()
        return is_waiting or values.get(RELEASED, {}).get("at", "") >= since

    def judge(self, arrival: Arrival) -> None:
        figures = arrival.figures()
        harm = {} if arrival.is_first else self._find_harm(arrival, figures)
        kept_out = set()
        for figure in FIGURES:
            row = self.known.get((arrival.product.pk, figure))
            change = figures.get(figure)
            if change is None:
                self._meet_no_change(arrival, figure, row)
            elif self._is_held(arrival, figure, change, row, harm.get(figure)):
                kept_out.add(figure)
        arrival.keep_out(kept_out)

    def _find_harm(self, arrival: Arrival, figures: Mapping[str, tuple[Any, Any]]) -> dict[str, Harm]:
        # A notification follows no answer.
        is_answer = TOLD not in arrival.reference.values
        recent = replace(
            self.recent,
            is_failing=self.recent.is_failing and is_answer,
            is_released=self._is_released(arrival),
        )
        return safety.find_harm(figures, arrival.product.price, self.criteria, recent)

    def _meet_no_change(self, arrival: Arrival, figure: str, row: HeldChange | None) -> None:
        """The ERP says what is here, or does not tell the figure, or a criterion keeps ours."""
        if row is None or figure not in arrival.theirs:
            return
        if row.decided_at is None:
            self._withdraw(row)
        elif row.after != arrival.theirs[figure]:
            self.ended.append(row.pk)

    def _is_held(
        self,
        arrival: Arrival,
        figure: str,
        change: tuple[Any, Any],
        row: HeldChange | None,
        harm: Harm | None,
    ) -> bool:
        before, after = change
        if row is not None and row.decided_at is not None:
            if row.after == after:
                return bool(row.decision == HeldDecision.REFUSED)
            self.ended.append(row.pk)
            row = None
        if row is not None and row.after == after:
            if harm is None and not self._is_still_doubtful(arrival, row):
                self._withdraw(row)
                return False
            return True
        is_of_person = self.source in (ChangeSource.PERSON, ChangeSource.API)
        if harm is None or is_of_person:
            if row is not None:
                self._withdraw(row)
            return False
        if row is None:
            row = HeldChange(
                integration_id=arrival.reference.integration_id,
                product=arrival.product,
                reference=arrival.reference,
                figure=figure,
            )
            self.new.append(row)
        else:
            self.changed.append(row)
        row.before, row.after, row.held_at = before, after, self.at
        row.reason_code, row.reason_params = harm.code, dict(harm.params)
        self.lines.append(held_line("product.change_held", row, self.at))
        return True

    def _is_still_doubtful(self, arrival: Arrival, row: HeldChange) -> bool:
        """What followed a failed answer has to be told once more, by an ERP in health."""
        is_stock = row.figure == Figure.STOCK
        told_at = arrival.told_at(row.figure, self.criteria)
        is_told_again = (is_stock and TOLD in arrival.reference.values) or (
            told_at is not None and told_at > row.held_at
        )
        is_on = bool(self.criteria.zeroed_percent if is_stock else self.criteria.price_percent)
        return row.reason_code == safety.AFTER_FAILURE and is_on and not is_told_again

    def _withdraw(self, row: HeldChange) -> None:
        self.withdrawn.append(row.pk)
        self.lines.append(held_line("product.held_withdrawn", row, self.at))

    def write(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        HeldChange.objects.filter(pk__in=self.ended).update(stands=False)
        HeldChange.objects.filter(pk__in=self.withdrawn).update(
            stands=False, decision=HeldDecision.WITHDRAWN, decided_at=self.at
        )
        HeldChange.objects.bulk_update(
            self.changed, ["before", "after", "held_at", "reason_code", "reason_params"]
        )
        put_back: list[Arrival] = []
        if self.new:
            integration = Integration.objects.get(pk=arrivals[0].reference.integration_id)
            codes = {row.reason_code for row in self.new} - list_codes_waiting(integration)
            since = self.at - safety.WINDOW
            if safety.MANY_ZEROED in codes:
                params = {"limit": self.criteria.zeroed_percent}
                zeroed = list_just_zeroed(integration, since)
                put_back += self._put_back(zeroed, safety.MANY_ZEROED, params, arrivals)
            if safety.RESERVED_LOST in codes:
                released = list_just_released(integration, since)
                put_back += self._put_back(released, safety.RESERVED_LOST, {}, arrivals)
            HeldChange.objects.bulk_create(self.new)
            for code in sorted(codes):
                _tell_integration(integration, code, self.recent, self.at)
        record_all(self.lines)
        return put_back

    def _put_back(
        self, moved: QuerySet[Any], code: str, params: Mapping[str, int], arrivals: Sequence[Arrival]
    ) -> list[Arrival]:
        """The breaker trips: what of the same window had arrived is held like what comes.

        ``moved`` are products with their ``stock_before``. What arrives at this moment was judged by itself.
        """
        arriving = {one.product.pk: one.product for one in arrivals}
        judged = {one.product.pk for one in arrivals if Figure.STOCK in one.decision.changes}
        judged |= {row.product_id for row in self.new}
        products = {row.pk: row for row in moved.exclude(pk__in=judged)}
        integration_id = arrivals[0].reference.integration_id
        references = ProductReference.objects.filter(integration_id=integration_id, product__in=products)
        put_back = []
        for reference in references.order_by("product_id"):
            before = products[reference.product_id].stock_before
            # One object for each product, or one of two would undo what the other saves.
            product = arriving.get(reference.product_id, products[reference.product_id])
            row = HeldChange(
                integration_id=integration_id,
                product=product,
                reference=reference,
                figure=Figure.STOCK,
                before=before,
                after=product.stock,
                held_at=self.at,
                reason_code=code,
                reason_params=dict(params),
            )
            self.new.append(row)
            self.lines.append(held_line("product.stock_put_back", row, self.at))
            changes = {Figure.STOCK.value: (product.stock, before)} | self._restore_status(reference, product)
            put_back.append(Arrival(product, reference, {}, Decision(changes)))
        return put_back

    def _restore_status(self, reference: ProductReference, product: Product) -> dict[str, tuple[Any, Any]]:
        """What one answer took together comes back together."""
        former = reference.values.get(STATUS_BEFORE)
        is_taken = reference.deleted_at is not None and product.status == ProductStatus.INACTIVE
        if not is_taken or former != ProductStatus.ACTIVE or self.criteria.keep_status:
            return {}
        return {"status": (product.status, former)}


def _moves_price(arrival: Arrival) -> bool:
    return not arrival.decision.changes.keys().isdisjoint((Figure.PRICE, Figure.PROMOTIONAL_PRICE))


def end_held(*, product_id: int, at: dt.datetime) -> None:
    """The product follows the ERP no more: nothing of it waits, and nothing decided holds."""
    standing = HeldChange.objects.filter(product_id=product_id, stands=True)
    standing.filter(decided_at=None).update(decision=HeldDecision.WITHDRAWN, decided_at=at, stands=False)
    standing.update(stands=False)


def held_line(
    code: str, row: HeldChange, at: dt.datetime, *, source: str = Source.ERP, person: str = ""
) -> HistoryEntry:
    """A line of the product's history about what waits, waited, or was decided."""
    words = (describe_value(row.figure, amount) or "vazio" for amount in (row.before, row.after))
    params = {
        "field": FIELDS[row.figure].label,
        "details": " → ".join(words),
        "why": describe_held(row.reason_code, row.reason_params),
    }
    return product_line(row.product_id, code, params, at, source=source, person=person)


def _tell_integration(integration: Integration, code: str, recent: Recent, at: dt.datetime) -> None:
    """One line when the breaker trips, however many changes it holds."""
    record(
        subject_kind="integration",
        subject_id=integration.pk,
        code=TRIPPED[code],
        params=_count(code, recent),
        source=Source.ERP,
        at=at,
    )


def _count(code: str, recent: Recent) -> dict[str, int]:
    if code == safety.MANY_ZEROED:
        return {"zeroed": recent.zeroed + recent.losing, "asked": recent.asked + recent.zeroed}
    if code == safety.RESERVED_LOST:
        return {"released": recent.released, "reserved": recent.released + recent.reserved}
    return {}
