"""Windows of calls: reads and writes apart, the second, fixed and sliding, with and without headers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.simulator.conftest import App, Reader

NO_V2 = {"v2": 0, "v2_batch": 0, "v2_concurrent": 0}
NAMES = ("X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset")


class Meter:
    """An account whose clock stands at the first second of a minute."""

    def __init__(self, app: App) -> None:
        self.simulator = app.simulator
        self.path = f"accounts/{app.account_id}"
        self.reader = Reader(app.simulator, app.account_id, app.connect()["access_token"])
        now = self.simulator.control("POST", "clock", {"frozen": True})["now"]
        seconds = float(now[17:].partition("+")[0])
        self.advance(60 - seconds)

    def advance(self, seconds: float) -> None:
        self.simulator.control("POST", "clock", {"advance_seconds": seconds})

    def set(self, **fields: Any) -> None:
        self.simulator.control("PATCH", self.path, fields)

    def read(self) -> requests.Response:
        return self.reader.get("/info")

    def write(self) -> requests.Response:
        return self.reader.call("POST", "/nothing")

    def counters(self) -> Any:
        return self.simulator.control("GET", f"{self.path}/counters")


@pytest.fixture
def meter(app: App) -> Meter:
    return Meter(app)


def quota(answer: requests.Response) -> tuple[int, ...]:
    """Status, then limit, remaining and reset of the headers that are there."""
    return (answer.status_code, *(int(answer.headers[name]) for name in NAMES if name in answer.headers))


def test_fixed_window_is_new_with_the_minute(meter: Meter) -> None:
    meter.set(read_limit=3)
    meter.advance(40)
    assert [quota(meter.read()) for _ in range(4)] == [
        (200, 3, 2, 20),
        (200, 3, 1, 20),
        (200, 3, 0, 20),
        (429, 3, 0, 20),
    ]
    meter.advance(19)
    assert quota(meter.read()) == (429, 3, 0, 1)
    meter.advance(1)
    assert quota(meter.read()) == (200, 3, 2, 60)


def test_sliding_window_gives_back_call_by_call(meter: Meter) -> None:
    meter.set(read_limit=2, window="sliding")
    assert quota(meter.read()) == (200, 2, 1, 60)
    meter.advance(20)
    assert quota(meter.read()) == (200, 2, 0, 40)
    assert quota(meter.read()) == (429, 2, 0, 40)
    meter.advance(39)
    assert quota(meter.read()) == (429, 2, 0, 1), "a refusal is no use"
    meter.advance(1)
    assert quota(meter.read()) == (200, 2, 0, 20)
    assert quota(meter.read()) == (429, 2, 0, 20)


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_clock_that_is_set_back_refuses_nothing_for_what_is_still_to_come(meter: Meter, window: str) -> None:
    meter.set(read_limit=2, window=window)
    assert [meter.read().status_code for _ in range(3)] == [200, 200, 429]
    meter.advance(-600)
    assert [meter.read().status_code for _ in range(3)] == [200, 200, 429]


def test_reads_and_writes_are_counted_apart(meter: Meter) -> None:
    meter.set(read_limit=1, write_limit=2, quota_headers="all")
    assert quota(meter.read()) == (200, 1, 0, 60)
    assert quota(meter.write()) == (404, 2, 1, 60)
    assert quota(meter.read()) == (429, 1, 0, 60)
    assert quota(meter.write()) == (404, 2, 0, 60)
    assert quota(meter.write()) == (429, 2, 0, 60)


def test_second_s_bucket_uses_up_the_minute_too(meter: Meter) -> None:
    """As measured: 45 at once were 8 answered, 22 refused with limit 4, 15 refused with limit 30."""
    meter.set(read_limit=30, burst_limit=4)
    first = [quota(meter.read()) for _ in range(20)]
    meter.advance(1)
    second = [quota(meter.read()) for _ in range(25)]
    answers = [answer[:2] for answer in first + second]
    assert {kind: answers.count(kind) for kind in set(answers)} == {(200, 30): 8, (429, 4): 22, (429, 30): 15}
    assert first[4] == (429, 4, 0, 1)


def test_refusal_has_no_body_and_no_retry_after(meter: Meter) -> None:
    meter.set(read_limit=1)
    meter.read()
    refused = meter.read()
    assert (refused.status_code, refused.content) == (429, b"")
    assert "Retry-After" not in refused.headers
    assert refused.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("headers", "read", "write"),
    [("reads", (200, 1, 0, 60), (404,)), ("all", (200, 1, 0, 60), (404, 1, 0, 60)), ("none", (200,), (404,))],
)
def test_headers_can_be_absent(
    meter: Meter, headers: str, read: tuple[int, ...], write: tuple[int, ...]
) -> None:
    meter.set(read_limit=1, write_limit=1, quota_headers=headers)
    assert (quota(meter.read()), quota(meter.write())) == (read, write)
    assert quota(meter.read()) == (429, *read[1:]), "the limit holds with or without them"
    assert quota(meter.write()) == (429, *write[1:])


def test_writes_have_no_headers_unless_asked_for(meter: Meter) -> None:
    meter.set(read_limit=5, write_limit=5)
    assert len(quota(meter.read())) == 4
    assert len(quota(meter.write())) == 1


def test_no_limit_means_no_headers(meter: Meter) -> None:
    meter.set(quota_headers="all")
    assert (quota(meter.read()), quota(meter.write())) == ((200,), (404,))


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_another_program_eats_part_of_the_quota(meter: Meter, window: str) -> None:
    meter.set(read_limit=10, window=window)
    eaten = meter.simulator.control("POST", f"{meter.path}/quota/consume", {"bucket": "read", "count": 8})
    assert eaten == {"remaining": 2}
    assert [quota(meter.read())[0] for _ in range(3)] == [200, 200, 429]
    assert meter.counters()["reads"] == 3, "what the other program did is not ours"
    meter.advance(60)
    assert quota(meter.read())[0] == 200


def test_accounts_have_windows_of_their_own(meter: Meter, app: App) -> None:
    other = meter.simulator.add_account("12ABC34501DE35", read_limit=1)
    registered = other.add_app("http://127.0.0.1:8000/integracoes/tiny/oauth/retorno/")
    stranger = App(meter.simulator, other.id, registered["client_id"], registered["client_secret"])
    reader = Reader(meter.simulator, other.id, stranger.connect()["access_token"])
    meter.set(read_limit=1)
    assert (quota(meter.read())[0], quota(meter.read())[0]) == (200, 429)
    assert quota(reader.get("/info"))[0] == 200


def test_counters_tell_our_own_429_from_injected_ones(meter: Meter) -> None:
    meter.set(read_limit=3, write_limit=1)
    meter.simulator.add_fault(route="GET /info", status=429)
    meter.simulator.add_fault(route="GET /info", status=500, after=1)
    for _ in range(4):
        meter.read()
    meter.write()
    meter.write()
    requests.get(f"{meter.simulator.api_url}/info", timeout=10)
    assert meter.counters() == {
        "reads": 4,
        "writes": 2,
        "v2": 0,
        "refused": {"read": 1, "write": 1, "burst": 0, **NO_V2},
        "unauthorized": 0,
        "injected": {"429": 1, "500": 1},
        "busiest": {"reads_per_minute": 4, "writes_per_minute": 2, "v2_per_minute": 0, "calls_per_second": 6},
    }


def test_busiest_span_is_found_wherever_it_begins(meter: Meter) -> None:
    for seconds in (0, 50, 20, 39.5):
        meter.advance(seconds)
        meter.read()
    # At 0, 50, 70 and 109.5 s: the fullest minute runs from 50 to 110.
    assert meter.counters()["busiest"]["reads_per_minute"] == 3


def test_unknown_windows_are_refused(meter: Meter) -> None:
    url = f"{meter.simulator.url}/_control/{meter.path}"
    for fields in ({"window": "leaky"}, {"quota_headers": "some"}, {"read_limit": "x"}):
        assert requests.patch(url, json=fields, timeout=10).status_code == 400
    for fields in ({"bucket": "x", "count": 1}, {"count": -1}, {}):
        assert requests.post(f"{url}/quota/consume", json=fields, timeout=10).status_code == 400


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_calls_at_once_share_the_window(meter: Meter, window: str) -> None:
    meter.set(read_limit=10, window=window)
    headers = {"Authorization": meter.reader.authorization}

    def read(_: int) -> int:
        return requests.get(f"{meter.simulator.api_url}/info", headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(read, range(24)))
    assert {status: statuses.count(status) for status in set(statuses)} == {200: 10, 429: 14}
    assert meter.counters()["refused"] == {"read": 14, "write": 0, "burst": 0, **NO_V2}
