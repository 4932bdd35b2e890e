"""One of the eight processes of bench_jobs_budget: as many calls as allowed, one thread an account."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
import time

import django
import requests

django.setup()

from django.db import connection  # noqa: E402

from accounts import clock  # noqa: E402
from jobs import budgets  # noqa: E402
from jobs.errors import JobPostponed  # noqa: E402


def call_until(ends_at: float, api_url: str, key: str, token: str) -> None:
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {token}"
    try:
        while time.time() < ends_at:
            try:
                budgets.take_slot(key, "read")
            except JobPostponed as postponed:
                # The worker would do something else until then.
                wait = (postponed.not_before - clock.now()).total_seconds()
                time.sleep(min(max(wait, 0.05), max(ends_at - time.time(), 0)))
                continue
            if time.time() >= ends_at:
                return
            answer = http.get(f"{api_url}/info", timeout=30)
            budgets.observe(key, "read", answer.headers)
            if answer.status_code == 429:
                reset = float(answer.headers.get("X-Ratelimit-Reset", 60))
                budgets.stop_until(key, clock.now() + dt.timedelta(seconds=reset))
    finally:
        connection.close()


def main() -> None:
    plan = json.loads(os.environ["BUDGET_PLAN"])
    time.sleep(max(plan["begins_at"] - time.time(), 0))
    threads = [
        threading.Thread(target=call_until, args=(plan["ends_at"], plan["api_url"], key, token))
        for key, token in plan["accounts"].items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
