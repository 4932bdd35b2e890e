"""Rows of what is told to the addresses of an account: who listens, what waits, what became of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import Json, execute_values

from . import store
from .store import Cursor, Row

# Tiny resends after 5 minutes, then 10, then 15 and so on.
STEP = timedelta(minutes=5)
# How often what was refused is sent again: that of the account's Webhooks, that of an integration, and a
# product, for which somebody waits.
ACCOUNT_RESENDS = 10
INTEGRATION_RESENDS = 15
PRODUCT_RESENDS = 1
# Reported by others: so many failures in a row, and the address is gone.
FAILURES_UNTIL_REMOVED = 20
PRODUCT = "produto"
COLUMNS = (
    "account_id", "integration_id", "kind", "tipo", "url", "body", "content_type", "state", "queued_at",
    "due_at", "is_copy",
)  # fmt: skip
ORDERS = ("queued", "reverse", "shuffle")
# Notifications of one owner of addresses that are still to be sent.
UNSENT = (
    "account_id = %(account)s AND integration_id IS NOT DISTINCT FROM %(integration)s"
    " AND state IN ('waiting', 'held')"
)


# -- addresses -----------------------------------------------------------------------------------------


def list_listeners(cursor: Cursor, account_ids: Iterable[int]) -> list[Row]:
    """Accounts that want to know, with their ``integrations`` that have addresses."""
    cursor.execute(
        "SELECT account.*, (SELECT coalesce(json_agg(integration ORDER BY integration.id), '[]')"
        " FROM integration WHERE account_id = account.id AND integration.urls <> '{}') AS integrations"
        " FROM account WHERE id = ANY(%s) ORDER BY id",
        (list(account_ids),),
    )
    return [
        dict(row) for row in cursor.fetchall() if row["urls"] or row["integrations"] or row["has_realtime"]
    ]


def save_urls(
    cursor: Cursor, account_id: int, integration_id: int | None, given: Mapping[str, Mapping[str, str]]
) -> None:
    """Take {kind: {"url", "answer"}} for the addresses; what waits goes to the new one, or nowhere."""
    table, owner = _owner(account_id, integration_id)
    values = {"account": account_id, "integration": integration_id, "kinds": list(given)}
    cursor.execute(f"SELECT FROM notification WHERE {UNSENT} ORDER BY id FOR UPDATE", values)
    _write_urls(cursor, table, owner, {kind: {**saved, "failures": 0} for kind, saved in given.items()})
    cursor.execute(
        f"UPDATE notification SET state = 'given_up' WHERE {UNSENT} AND kind <> ALL(%(kinds)s)",  # noqa: S608
        values,
    )
    for kind, saved in given.items():
        cursor.execute(
            f"UPDATE notification SET url = %(url)s WHERE {UNSENT} AND kind = %(kind)s",  # noqa: S608
            {**values, "kind": kind, "url": saved["url"]},
        )


def _owner(account_id: int, integration_id: int | None) -> tuple[str, int]:
    """Table and id of the row in which the addresses stand."""
    return ("account", account_id) if integration_id is None else ("integration", integration_id)


def _write_urls(cursor: Cursor, table: str, owner: int, urls: Mapping[str, Any]) -> None:
    cursor.execute(f"UPDATE {table} SET urls = %s WHERE id = %s", (Json(urls), owner))  # noqa: S608


def _count_failure(cursor: Cursor, row: Row, *, has_failed: bool) -> None:
    """One more failure in a row of an address, which may be the last that Tiny puts up with."""
    table, owner = _owner(row["account_id"], row["integration_id"])

    def read(lock: str = "") -> dict[str, Any]:
        cursor.execute(f"SELECT urls FROM {table} WHERE id = %s {lock}", (owner,))  # noqa: S608
        found = cursor.fetchone()
        return dict(found["urls"]) if found else {}

    if not has_failed and not read().get(row["kind"], {}).get("failures"):
        return
    urls = read("FOR NO KEY UPDATE")
    saved = urls.pop(row["kind"], None)
    if saved is None or saved["url"] != row["url"]:
        return
    failures = saved.get("failures", 0) + 1 if has_failed else 0
    if failures >= FAILURES_UNTIL_REMOVED and removes_urls(cursor):
        # Whoever changes them at this moment sees to them.
        cursor.execute(
            "UPDATE notification SET state = 'given_up' WHERE id IN (SELECT id FROM notification"  # noqa: S608
            f" WHERE {UNSENT} AND kind = %(kind)s ORDER BY id FOR UPDATE SKIP LOCKED)",
            {"account": row["account_id"], "integration": row["integration_id"], "kind": row["kind"]},
        )
    else:
        urls[row["kind"]] = {**saved, "failures": failures}
    _write_urls(cursor, table, owner, urls)


# -- the queue -----------------------------------------------------------------------------------------


def add(cursor: Cursor, rows: Sequence[Mapping[str, Any]]) -> None:
    execute_values(
        cursor,
        f"INSERT INTO notification ({', '.join(COLUMNS)}) VALUES %s",  # noqa: S608
        [[row[name] for name in COLUMNS] for row in rows],
        page_size=500,
    )


def list_due(cursor: Cursor, busy: Sequence[str], addresses: int, each: int) -> dict[str, list[Row]]:
    """By address, in order, what is due at some addresses that are not busy."""
    cursor.execute(
        "SELECT id, url, body, content_type FROM (SELECT *,"
        " row_number() OVER (PARTITION BY url ORDER BY due_at, place, id) AS number FROM notification"
        " WHERE state = 'waiting' AND due_at <= clock() AND url <> ALL(%s)) AS due"
        " WHERE number <= %s ORDER BY due_at, place, id",
        (list(busy), each),
    )
    found: dict[str, list[Row]] = {}
    for row in cursor.fetchall():
        if row["url"] in found or len(found) < addresses:
            found.setdefault(row["url"], []).append(dict(row))
    return found


def is_still_due(cursor: Cursor, row: Row) -> bool:
    cursor.execute(
        "SELECT FROM notification WHERE id = %s AND url = %s AND state = 'waiting'", (row["id"], row["url"])
    )
    return cursor.rowcount == 1


def record(cursor: Cursor, sent: Row, status: int | None, answer: str, ms: float) -> Row | None:
    """What became of one try, and when the next one is; the notification, or None where it is gone.

    Rows are locked as they are erased: the delivery's, the notification's, the owner's of the address.
    """
    cursor.execute("SELECT * FROM notification WHERE id = %s", (sent["id"],))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(
        "INSERT INTO delivery (notification_id, url, at, status, answer, ms)"
        " SELECT id, %s, clock(), %s, %s, %s FROM notification WHERE id = %s",
        (sent["url"], status, answer.replace("\0", ""), ms, row["id"]),
    )
    tries = row["tries"] + 1
    is_product = row["kind"] == PRODUCT
    resends = ACCOUNT_RESENDS if row["integration_id"] is None else INTEGRATION_RESENDS
    state = "delivered" if status == 200 else "waiting"
    if state == "waiting" and tries > (PRODUCT_RESENDS if is_product else resends):
        state = "given_up"
    wait = timedelta(0) if is_product else STEP * tries / get_time_scale(cursor)
    cursor.execute(
        "UPDATE notification SET tries = %s, state = CASE WHEN state = 'waiting' THEN %s ELSE state END,"
        " due_at = CASE WHEN %s = 'waiting' THEN clock() + %s ELSE due_at END WHERE id = %s",
        (tries, state, state, wait, row["id"]),
    )
    _count_failure(cursor, dict(row), has_failed=status != 200)
    return dict(row)


def get_time_scale(cursor: Cursor) -> float:
    """How many times faster than at Tiny what was refused is sent again."""
    return float(store.get_setting(cursor, "time_scale") or 1)


def removes_urls(cursor: Cursor) -> bool:
    """Whether an address that failed too often is forgotten."""
    return not store.get_setting(cursor, "keeps_urls")


def set_resending(cursor: Cursor, time_scale: float, *, removes_urls: bool) -> None:
    store.set_setting(cursor, "time_scale", str(time_scale))
    store.set_setting(cursor, "keeps_urls", None if removes_urls else "1")


def release(cursor: Cursor, account_id: int | None, order: str, seed: str) -> int:
    """Let go what was held back, in an order of ``ORDERS``; how many there were."""
    cursor.execute(
        "SELECT id FROM notification WHERE state = 'held'"
        " AND (%(id)s IS NULL OR account_id = %(id)s) ORDER BY id",
        {"id": account_id},
    )
    ids = [row["id"] for row in cursor.fetchall()]
    if order == "reverse":
        ids.reverse()
    elif order == "shuffle":
        random.Random(seed).shuffle(ids)  # noqa: S311
    # One moment for all, so that their places tell the order.
    now = store.get_now(cursor)
    execute_values(
        cursor,
        "UPDATE notification SET state = 'waiting', due_at = given.at, place = given.place"
        " FROM (VALUES %s) AS given (id, at, place) WHERE notification.id = given.id",
        [(notification_id, now, place) for place, notification_id in enumerate(ids)],
        page_size=1000,
    )
    return len(ids)


def resend(cursor: Cursor, account_id: int, notification_id: int) -> bool:
    """Send once more, late and unasked, what was sent before."""
    cursor.execute(
        "UPDATE notification SET state = 'waiting', due_at = clock() WHERE account_id = %s AND id = %s",
        (account_id, notification_id),
    )
    return cursor.rowcount == 1


# -- what API v2 is asked for --------------------------------------------------------------------------


def add_updates(cursor: Cursor, account_id: int, kind: str, product_ids: Iterable[int]) -> None:
    """A product of ``estoque`` or ``produtos`` stands in the queue once, with its latest change."""
    cursor.execute(
        "INSERT INTO produto_update SELECT %s, %s, unnest(%s::bigint[]), clock()"
        " ON CONFLICT (account_id, kind, produto_id) DO UPDATE SET at = excluded.at",
        (account_id, kind, sorted(set(product_ids))),
    )


def take_updates(cursor: Cursor, account_id: int, kind: str, since: datetime, most: int) -> list[Row]:
    """The oldest changes since a moment, taken out of the queue for good: produto_id and at."""
    cursor.execute(
        "DELETE FROM produto_update WHERE account_id = %(account)s AND kind = %(kind)s AND produto_id IN"
        " (SELECT produto_id FROM produto_update WHERE account_id = %(account)s AND kind = %(kind)s"
        " AND at >= %(since)s ORDER BY at, produto_id LIMIT %(most)s) RETURNING produto_id, at",
        {"account": account_id, "kind": kind, "since": since, "most": most},
    )
    return sorted((dict(row) for row in cursor.fetchall()), key=lambda row: (row["at"], row["produto_id"]))


def count_updates(cursor: Cursor, account_id: int, kind: str, since: datetime) -> int:
    cursor.execute(
        "SELECT count(*) AS total FROM produto_update WHERE account_id = %s AND kind = %s AND at >= %s",
        (account_id, kind, since),
    )
    row = cursor.fetchone()
    return int(row["total"]) if row else 0


# -- looking -------------------------------------------------------------------------------------------


def list_notifications(
    cursor: Cursor,
    account_id: int,
    conditions: Sequence[tuple[str, Any]] = (),
    limit: int | None = None,
    *,
    newest_first: bool = False,
) -> list[Row]:
    """Notifications, each with its ``deliveries`` in order."""
    where = " AND ".join(["account_id = %s", *(sql for sql, _ in conditions)])
    cursor.execute(
        f"SELECT * FROM notification WHERE {where}"  # noqa: S608
        f" ORDER BY id {'DESC' if newest_first else 'ASC'} LIMIT %s",
        [account_id, *(value for _, value in conditions), limit],
    )
    rows = {row["id"]: {**row, "body": bytes(row["body"]), "deliveries": []} for row in cursor.fetchall()}
    cursor.execute("SELECT * FROM delivery WHERE notification_id = ANY(%s) ORDER BY id", (list(rows),))
    for delivery in cursor.fetchall():
        rows[delivery["notification_id"]]["deliveries"].append(dict(delivery))
    return list(rows.values())


def count_states(cursor: Cursor, account_id: int | None) -> list[Row]:
    """kind, state and is_copy with their ``total``, and ``due``: how many of the waiting ones may go now."""
    cursor.execute(
        "SELECT kind, state, is_copy, count(*) AS total,"
        " count(*) FILTER (WHERE state = 'waiting' AND due_at <= clock()) AS due FROM notification"
        " WHERE %(id)s IS NULL OR account_id = %(id)s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        {"id": account_id},
    )
    return [dict(row) for row in cursor.fetchall()]


def count_answers(cursor: Cursor, account_id: int | None) -> list[Row]:
    """kind and status (None where none came) with their ``total``."""
    cursor.execute(
        "SELECT kind, status, count(*) AS total FROM delivery JOIN notification"
        " ON notification.id = notification_id WHERE %(id)s IS NULL OR account_id = %(id)s"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        {"id": account_id},
    )
    return [dict(row) for row in cursor.fetchall()]


def forget(cursor: Cursor, account_id: int) -> int:
    cursor.execute("DELETE FROM notification WHERE account_id = %s", (account_id,))
    return cursor.rowcount


# -- mappings ------------------------------------------------------------------------------------------


def ensure_mappings(cursor: Cursor, integration_id: int, product_ids: Iterable[int]) -> dict[int, Row]:
    """The mapping of each product at an integration, made where there was none."""
    wanted = list(product_ids)
    cursor.execute(
        "INSERT INTO mapping (integration_id, produto_id) SELECT %s, unnest(%s::bigint[])"
        " ON CONFLICT DO NOTHING",
        (integration_id, wanted),
    )
    return find_mappings(cursor, integration_id, wanted)


def find_mappings(cursor: Cursor, integration_id: int, product_ids: Iterable[int]) -> dict[int, Row]:
    cursor.execute(
        "SELECT * FROM mapping WHERE integration_id = %s AND produto_id = ANY(%s)",
        (integration_id, list(product_ids)),
    )
    return {row["produto_id"]: dict(row) for row in cursor.fetchall()}


def list_mappings(cursor: Cursor, account_id: int, integration_id: int | None = None) -> list[Row]:
    """Mappings with ``ecommerce`` (the integration's name), ``produto_sku`` and ``descricao``."""
    cursor.execute(
        "SELECT mapping.*, integration.name AS ecommerce, produto.sku AS produto_sku, produto.descricao"
        " FROM mapping JOIN integration ON integration.id = integration_id"
        " JOIN produto ON produto.account_id = integration.account_id AND produto.id = produto_id"
        " WHERE integration.account_id = %(account)s AND (%(id)s IS NULL OR integration.id = %(id)s)"
        " ORDER BY mapping.id",
        {"account": account_id, "id": integration_id},
    )
    return [dict(row) for row in cursor.fetchall()]


def save_answers(cursor: Cursor, integration_id: int, answers: Mapping[int, Row]) -> None:
    """What the platform said, by the mapping's id: sku, url_produto, url_imagem and error."""
    for mapping_id, answer in answers.items():
        cursor.execute(
            "UPDATE mapping SET sku = %(sku)s, url_produto = %(url_produto)s, url_imagem = %(url_imagem)s,"
            " error = %(error)s, answered_at = clock()"
            " WHERE integration_id = %(integration)s AND id = %(id)s",
            {**answer, "integration": integration_id, "id": mapping_id},
        )
