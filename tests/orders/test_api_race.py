"""The marketplace sends one order several times at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import tenant
from history.models import HistoryEntry
from orders.models import IdempotencyKey, Order, OrderForwarding
from orders.services.lines import take_revision
from tests.orders.test_api import BODY, SMALLEST, keyed
from tests.processes import COUNT_WAITING, wait_until
from tests.rest import ORDER_SCOPES, create_api

pytestmark = pytest.mark.django_db(transaction=True)

# The same key, the same number without one, and both by different ways.
SAME = [("k", "k", "k"), ("", "", ""), ("a", "", "b")]


def post_at_once(
    organization: Organization,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    posts: list[tuple[dict[str, Any], str]],
) -> list[Any]:
    """The answers, in the order of ``posts``: all had been read before the first one was written."""
    api = create_api(organization, ORDER_SCOPES)
    # The last use of the token is written before, so that they do not wait for one another there.
    api.get("orders/")
    answers: dict[int, Any] = {}

    def post(position: int, body: dict[str, Any], key: str) -> None:
        try:
            extra = {"headers": keyed(api, key)} if key else {}
            # A client of its own: Django's is not shared between threads.
            answers[position] = type(api)(api.token).post("orders/", body, **extra)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=post, args=(position, body, key))
        for position, (body, key) in enumerate(posts)
    ]
    with tenant(organization):
        take_revision()
        for thread in threads:
            thread.start()
        wait_until(lambda: owner_sql(COUNT_WAITING)[0][0] >= len(posts))
    for thread in threads:
        thread.join(60)
    return [answers[position] for position in range(len(posts))]


@pytest.mark.parametrize("keys", SAME)
def test_one_order_that_comes_three_times_at_once_is_one(
    organization: Organization, owner_sql: Callable[..., list[tuple[Any, ...]]], keys: tuple[str, ...]
) -> None:
    answers = post_at_once(organization, owner_sql, [(BODY, key) for key in keys])

    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert {answer["Location"] for answer in answers} == {"/api/v1/orders/1/"}
    with tenant(organization):
        assert Order.objects.count() == OrderForwarding.objects.count() == 1
        assert HistoryEntry.objects.filter(code="order.received").count() == 1
        assert set(IdempotencyKey.objects.values_list("key", flat=True)) == set(keys) - {""}


def test_of_two_orders_with_one_key_at_once_one_is_refused(
    organization: Organization, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    answers = post_at_once(organization, owner_sql, [(BODY, "k"), (SMALLEST, "k")])

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    with tenant(organization):
        assert Order.objects.count() == 1
