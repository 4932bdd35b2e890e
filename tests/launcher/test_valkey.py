from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from launcher import valkey
from launcher.processes import LauncherError, find_any_port
from launcher.valkey import Valkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(
        tmp_path / "valkey", password="s3cret", log=tmp_path / "valkey.log", first_port=find_any_port()
    )
    server.start()
    yield server
    server.stop()


def test_what_was_acknowledged_survives_a_kill(server: Valkey) -> None:
    client = redis.Redis.from_url(server.url())
    client.set("kept", "yes")
    # The append-only file is written each second; a nudge lost in between would be found by the sweep.
    client.execute_command("WAITAOF", 1, 0, 5000)

    server.kill()
    server.restart()

    assert redis.Redis.from_url(server.url()).get("kept") == b"yes"


def test_it_refuses_strangers_and_eviction(server: Valkey) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port or 0, retry=Retry(NoBackoff(), 0)).ping()
    client = redis.Redis.from_url(server.url())
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_no_second_server_on_the_same_file(server: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "_LOCK_SECONDS", 0.2)
    second = Valkey(server.home, password="s3cret", log=server.log, first_port=find_any_port())

    with pytest.raises(LauncherError, match="Another Valkey server still uses"):
        second.start()
