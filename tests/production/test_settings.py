"""What ``manage.py check --deploy`` and the processes say to a production environment, good and bad."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.checks import erps_are_real
from tests.production.environment import PRODUCTION, run_python

REAL = {
    "v2": "https://api.tiny.com.br/api2",
    "v3": "https://api.tiny.com.br/public-api/v3",
    "accounts": "https://accounts.tiny.com.br/realms/tiny/protocol/openid-connect",
}


def check(**changes: str) -> tuple[int, str]:
    """Exit code and all that ``check --deploy`` prints."""
    done = run_python("manage.py", "check", "--deploy", environment=PRODUCTION | changes)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_production_environment_is_clean() -> None:
    assert check() == (0, "System check identified no issues (2 silenced).")


def test_an_installation_without_https_is_warned() -> None:
    code, output = check(PUBLIC_URL="http://painel.loja.example.com.br")

    assert code == 0
    assert {line.split(")")[0] for line in output.splitlines() if line.startswith("?: (")} == {
        "?: (security.W004",
        "?: (security.W008",
        "?: (security.W012",
        "?: (security.W016",
    }


@pytest.mark.parametrize("missing", ["", "   "], ids=["empty", "blank"])
def test_a_missing_secret_key_is_one_sentence(missing: str) -> None:
    assert check(SECRET_KEY=missing) == (
        1,
        "SECRET_KEY is not set: name a random text of 50 or more characters, the same for every process.",
    )


def test_missing_credential_keys_are_one_sentence() -> None:
    assert check(CREDENTIAL_KEYS="") == (
        1,
        "CREDENTIAL_KEYS is not set: name <id>:<32 random bytes in base64>, the same for every process.",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "only-for-development-never-for-production"),
        ("CREDENTIAL_KEYS", "dev:ZW50cmVwb3N0by1kZXYta2V5LTMyLWJ5dGVzLWxvbmc="),
        (
            "CREDENTIAL_KEYS",
            PRODUCTION["CREDENTIAL_KEYS"] + ",dev:ZW50cmVwb3N0by1kZXYta2V5LTMyLWJ5dGVzLWxvbmc=",
        ),
    ],
)
def test_the_keys_of_development_are_refused(name: str, value: str) -> None:
    code, output = check(**{name: value})

    assert code == 1
    assert output.startswith(f"{name} holds the key of development, which everybody knows: ")
    assert len(output.splitlines()) == 1


def test_a_credential_key_of_a_wrong_length_is_told_without_the_key() -> None:
    code, output = check(CREDENTIAL_KEYS="k1:c2hvcnQ=")

    assert code == 1
    assert "(integrations.E003) CREDENTIAL_KEYS: " in output
    assert "c2hvcnQ" not in output


def test_development_needs_no_keys() -> None:
    done = run_python("manage.py", "check", environment={"DEBUG": "1"})

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8100/public-api/v3",
        "http://localhost:8100/public-api/v3",
        "http://simulator:8100/public-api/v3",
        "http://simulator.localhost:8100/public-api/v3",
        "http://10.0.0.7/public-api/v3",
        "https://127.0.0.1/public-api/v3",
        "https://[::1]/public-api/v3",
        "https://192.168.0.9/public-api/v3",
        "https://simulator/public-api/v3",
        "http://api.tiny.com.br/public-api/v3",
        "api.tiny.com.br",
        "",
    ],
)
@pytest.mark.parametrize("name", ["v2", "v3", "accounts"])
def test_a_simulator_is_refused_in_production(settings: Any, name: str, address: str) -> None:
    settings.DEBUG = settings.ALLOW_SIMULATOR = False
    settings.ERP_ENDPOINTS = {"tiny": REAL | {name: address}}

    (error,) = erps_are_real(None)

    assert error.id == "integrations.E004"
    assert error.msg.startswith(f"The address {address} of the ERP 'tiny' is none of the internet's")

    settings.ALLOW_SIMULATOR = True
    assert erps_are_real(None) == []


def test_the_real_erp_is_not_refused(settings: Any) -> None:
    settings.DEBUG = settings.ALLOW_SIMULATOR = False
    settings.ERP_ENDPOINTS = {"tiny": REAL}

    assert erps_are_real(None) == []


def test_migrate_refuses_before_it_touches_the_database() -> None:
    done = run_python(
        *("manage.py", "migrate", "--noinput"),
        environment=PRODUCTION | {"TINY_V3_URL": "http://simulator:8100"},
    )

    assert done.returncode == 1
    assert "(integrations.E004)" in done.stderr


def test_web_server_and_celery_name_the_missing_key() -> None:
    bad = PRODUCTION | {"SECRET_KEY": ""}
    for command in (
        ("-m", "config.serve", "--port", "0"),
        ("-m", "celery", "-A", "config", "beat"),
        ("-m", "celery", "-A", "config", "worker"),
    ):
        done = run_python(*command, environment=bad)
        assert done.returncode != 0
        assert "SECRET_KEY is not set: name a random text" in done.stderr + done.stdout, command
