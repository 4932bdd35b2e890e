"""docker-compose.yml, Dockerfile and nginx.conf, checked without an engine; the commands run for real."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from tests.database import ROOT
from tests.processes import Stack, wait_until
from tests.production import compose
from tests.production.environment import PRODUCTION
from tests.simulated_tiny import find_free_port

GIVEN = {
    "PUBLIC_URL": PRODUCTION["PUBLIC_URL"],
    "SECRET_KEY": PRODUCTION["SECRET_KEY"],
    "CREDENTIAL_KEYS": PRODUCTION["CREDENTIAL_KEYS"],
    "POSTGRES_PASSWORD": "pa",
    "OWNER_PASSWORD": "pb",
    "APP_PASSWORD": "pc",
    "STAFF_PASSWORD": "pd",
    "VALKEY_PASSWORD": "pe",
}
OURS = ("migrate", "web", "worker", "beat", "simulator", "carriers")
HEALTHY, ENDED = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


@pytest.fixture
def services() -> dict[str, Any]:
    return compose.services(GIVEN)


# --- services ---


def test_the_services_are_these_and_the_simulators_are_for_demonstrations(
    services: dict[str, Any],
) -> None:
    assert {name: service.get("profiles") for name, service in services.items()} == {
        "postgres": None,
        "valkey": None,
        "migrate": None,
        "web": None,
        "worker": None,
        "beat": None,
        "nginx": None,
        "simulator": ["demo"],
        "carriers": ["demo"],
    }


def test_each_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    ground = {"postgres": HEALTHY, "valkey": HEALTHY, "migrate": ENDED}
    assert {name: service.get("depends_on", {}) for name, service in services.items()} == {
        "postgres": {},
        "valkey": {},
        "migrate": {"postgres": HEALTHY},
        "web": ground,
        "worker": ground,
        "beat": ground,
        "nginx": {"web": HEALTHY},
        "simulator": {"postgres": HEALTHY, "migrate": ENDED},
        "carriers": {},
    }
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            assert condition == ENDED or "healthcheck" in services[other], f"{name} waits for {other}"


def test_all_that_live_are_watched_and_come_back(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name == "migrate":
            assert (service["restart"], service.get("healthcheck")) == ("no", None)
        else:
            assert service["restart"] == "unless-stopped", name
            assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys(), name


def test_data_are_in_volumes_and_the_broker_is_append_only_and_never_evicts(services: dict[str, Any]) -> None:
    assert services["postgres"]["image"] == "postgres:18"
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert services["valkey"]["volumes"] == ["valkey:/data"]
    assert compose.RAW["volumes"].keys() == {"postgres", "valkey"}
    (command,) = services["valkey"]["command"][2:]
    assert "--appendonly yes" in command and "--maxmemory-policy noeviction" in command
    assert '--requirepass "$VALKEY_PASSWORD"' in command


def test_our_containers_can_change_nothing_of_themselves(services: dict[str, Any]) -> None:
    for name in OURS:
        service = services[name]
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"]), (
            name
        )
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert services["beat"]["environment"]["CELERY_BEAT_SCHEDULE_FILENAME"].startswith("/tmp/")


def test_only_nginx_and_the_simulator_are_reached_from_outside_and_from_this_machine_only(
    services: dict[str, Any],
) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "nginx": ["127.0.0.1:8080:8080"],
        "simulator": ["127.0.0.1:8100:8100"],
    }


# --- secrets ---


@pytest.mark.parametrize("missing", GIVEN)
def test_compose_refuses_a_file_without(missing: str) -> None:
    with pytest.raises(compose.MissingVariable, match=missing):
        compose.services({name: value for name, value in GIVEN.items() if name != missing})


def test_no_secret_has_a_default() -> None:
    found = re.findall(r"\$\{(\w*(?:SECRET|PASSWORD|KEY)\w*)(:?[?+-]?)([^${}]*)", compose.TEXT)
    assert {name for name, _, _ in found} == {name for name in GIVEN if name != "PUBLIC_URL"} | {
        "SIMULATOR_PASSWORD"
    }
    for name, mark, text in found:
        if name == "SIMULATOR_PASSWORD":
            assert (mark, text) in {(":-", ""), (":+", "postgres://tiny_simulator:"), ("", "")}
        else:
            assert mark == ":?" and len(text) > 20, name


def test_who_serves_pages_and_works_has_no_address_but_the_apps(services: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        addresses = {key: value for key, value in services[name]["environment"].items() if "DATABASE" in key}
        assert addresses == {"DATABASE_URL": "postgres://entreposto_app:pc@postgres:5432/entreposto"}
    assert {key for key in services["migrate"]["environment"] if "DATABASE" in key} == {
        "DATABASE_ADMIN_URL",
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "DATABASE_STAFF_URL",
        "SIMULATOR_DATABASE_URL",
    }
    assert services["migrate"]["environment"]["SIMULATOR_DATABASE_URL"] == ""
    demo = compose.services(GIVEN | {"SIMULATOR_PASSWORD": "pf"})
    address = "postgres://tiny_simulator:pf@postgres:5432/tiny_simulator"
    assert demo["migrate"]["environment"]["SIMULATOR_DATABASE_URL"] == address
    assert demo["simulator"]["environment"]["SIMULATOR_DATABASE_URL"] == address


# --- variables ---

SOURCES = (
    "config/intervals.py",
    "config/settings.py",
    "manage.py",
    "launcher/__main__.py",
    "launcher/external.py",
    "tiny/simulator/__main__.py",
    "tracking/simulator/__main__.py",
)
# Read by the images of others.
FOREIGN = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
# Good as they are in containers; whoever needs them adds a line.
LEFT_ALONE = {
    "BREAKER_FIRST_SECONDS",
    "CALLS_PER_MINUTE",
    "DATABASE_GATEWAY_ROLE",
    "DATABASE_ROLE",
    "DEBUG",
    "DEMO",
    "DISPATCH_SECONDS",
    "DJANGO_SETTINGS_MODULE",
    "IDLE_TRANSACTION_SECONDS",
    "JOB_LEASE_SECONDS",
    "JOB_RETRY_FIRST_SECONDS",
    "JOB_RETRY_LAST_SECONDS",
    "PARCEL_ASK_SECONDS",
    "PARCEL_POLL_SECONDS",
    "SESSION_COOKIE_NAME",
    "SIMULATOR_LIVE_SECONDS",
    "SLOT_SPACING_SECONDS",
    "STATIC_ROOT",
    "EXPORT_SETTLE_SECONDS",
    "PRODUCT_LIST_SECONDS",
    "PRODUCT_POLL_SECONDS",
    "SWEEP_SECONDS",
    "TOKEN_RENEWAL_SECONDS",
    "WEBHOOK_PULSE_SECONDS",
}


def test_every_variable_that_a_container_gets_is_read_and_every_one_that_is_read_is_known(
    services: dict[str, Any],
) -> None:
    given = {name for service in services.values() for name in service.get("environment", {})} - FOREIGN

    assert given | LEFT_ALONE == compose.read_variables(*SOURCES)
    assert given & LEFT_ALONE == set()


def test_every_setting_is_documented() -> None:
    table = (ROOT / "docs/OPERATIONS.md").read_text()
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", table))

    assert compose.read_variables("config/settings.py", "config/intervals.py") <= documented


# --- commands ---


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Of our image: name and words of every command and health check, shells split at their &&."""
    for name, service in compose.services(GIVEN).items():
        if name not in OURS:
            continue
        for kind, words in (("command", service["command"]), ("health", health_command(service))):
            if not words:
                continue
            if words[:2] == ["sh", "-c"]:
                for part in words[2].split("&&"):
                    yield f"{name} {kind}", part.split()
            else:
                yield f"{name} {kind}", words


def health_command(service: dict[str, Any]) -> list[str]:
    test = service.get("healthcheck", {}).get("test", ["NONE"])
    if test[0] == "CMD-SHELL":
        return ["sh", "-c", test[1]]
    return [str(word) for word in test[1:]]


@pytest.mark.parametrize(("name", "words"), list(command_lines()), ids=lambda value: str(value)[:40])
def test_every_command_exists(name: str, words: list[str]) -> None:
    match words:
        case ["python", "-m", module, *_]:
            spec = importlib.util.find_spec(module)
            assert spec is not None and spec.origin and Path(spec.origin).is_relative_to(ROOT), module
            assert "__main__" in Path(spec.origin).read_text() or (
                importlib.util.find_spec(f"{module}.__main__")
            )
        case ["python", "manage.py", command, *_]:
            assert command in get_commands()
        case ["python", "-c", code]:
            compile(code, name, "exec")
        case ["celery", "-A", app, command, *_]:
            assert (app, command) in {("config", "worker"), ("config", "beat"), ("config", "inspect")}
        case _:
            raise AssertionError(f"unknown command: {words}")


@pytest.mark.django_db(transaction=True)
def test_web_worker_and_beat_start_as_composed_and_their_own_checks_find_them_healthy(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the addresses of database and broker, and the port."""
    port = str(find_free_port())
    composed = compose.services(GIVEN)
    here = {name: stack.env[name] for name in ("DATABASE_URL", "REDIS_URL")} | {
        "ALLOWED_HOSTS": "",
        "CELERY_BEAT_SCHEDULE_FILENAME": str(tmp_path / "schedule"),
        "HOSTNAME": "container",
    }
    stack.env["PATH"] = f"{ROOT / '.venv/bin'}:{stack.env['PATH']}"

    def translate(words: list[str]) -> list[str]:
        words = [word.replace("8000", port).replace("0.0.0.0", "127.0.0.1") for word in words]
        return ["-m", *words] if words[0] == "celery" else words[1:]

    for name in ("web", "worker", "beat"):
        words = translate(composed[name]["command"])
        if name == "worker":
            words += ["--hostname", "celery@container"]
        stack.start(*words, **(composed[name]["environment"] | here))

    for name in ("web", "worker", "beat"):
        words = health_command(composed[name])
        environment = composed[name]["environment"] | here

        def is_healthy(words: list[str] = words, environment: dict[str, str] = environment) -> bool:
            split = words[2].replace("$HOSTNAME", "container").split() if words[0] == "sh" else words
            return stack.run(*translate(split), **environment).returncode == 0

        wait_until(is_healthy)
    assert all(process.popen.poll() is None for process in stack.processes)


# --- image ---


def test_what_the_dockerfile_copies_exists_and_the_image_holds_our_packages_and_nothing_else() -> None:
    sources = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    assert sources == ["requirements/runtime.txt", "."]
    lines = (ROOT / ".dockerignore").read_text().split()
    kept = {line[1:] for line in lines if line.startswith("!")}
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert lines[0] == "*"
    assert kept == {
        *linter["root_packages"],
        "templates",
        "static",
        "manage.py",
        "requirements/runtime.txt",
    }
    assert [name for name in kept if not (ROOT / name).exists()] == []


def test_the_image_installs_by_hash_and_runs_as_nobody_in_particular() -> None:
    assert "pip install --require-hashes --requirement requirements/runtime.txt" in DOCKERFILE
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["entreposto"]
    assert DOCKERFILE.index("USER entreposto") > DOCKERFILE.index("RUN DEBUG=1")
    assert "useradd --system --uid 10001" in DOCKERFILE
    assert re.findall(r"^(?:ENV|ARG) .*(?:SECRET|PASSWORD|KEY|DEBUG).*$", DOCKERFILE, re.MULTILINE) == []
    assert '["python", "-m", "config.serve",' in DOCKERFILE


def test_nginx_and_web_agree_on_ports_and_headers(services: dict[str, Any]) -> None:
    text = (ROOT / "deploy/nginx.conf").read_text()
    ((host, port),) = re.findall(r"http://(\w+):(\d+);", text)

    assert host in services
    assert services[host]["command"][-3:-1] == [port, "--processes"]
    assert re.findall(r"listen (\d+);", text) == [services["nginx"]["ports"][0].rpartition(":")[2]]
    assert services["nginx"]["volumes"] == ["./deploy/nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
    assert "proxy_set_header X-Forwarded-Proto $public_scheme;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert services["web"]["environment"]["TRUSTED_PROXY"] == "*"
