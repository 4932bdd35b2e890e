"""Secrets at rest: bound to their organization and field, with keys that rotate."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.checks import keys_are_usable, providers_exist
from integrations.encryption import SecretUnreadable, decrypt, encrypt

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
HERE = {"organization_id": 1, "field": "client_secret"}


@pytest.fixture(autouse=True)
def keys(settings: Any) -> Any:
    settings.CREDENTIAL_KEYS = [OLD]
    return settings


def test_opens_what_it_sealed_and_never_the_same_twice() -> None:
    first, second = encrypt("segredo", **HERE), encrypt("segredo", **HERE)
    assert first != second
    assert "segredo" not in first
    assert decrypt(first, **HERE) == decrypt(second, **HERE) == "segredo"


def test_nothing_stays_nothing() -> None:
    assert encrypt("", **HERE) == ""
    assert decrypt("", **HERE) == ""


@pytest.mark.parametrize("elsewhere", [{"organization_id": 2}, {"field": "access_token"}])
def test_copied_into_another_row_or_field_it_does_not_open(elsewhere: dict[str, Any]) -> None:
    with pytest.raises(SecretUnreadable):
        decrypt(encrypt("segredo", **HERE), **HERE | elsewhere)


def test_first_key_seals_and_every_key_opens(keys: Any) -> None:
    sealed = encrypt("segredo", **HERE)
    keys.CREDENTIAL_KEYS = [NEW, OLD]
    assert decrypt(sealed, **HERE) == "segredo"
    assert encrypt("outro", **HERE).startswith("new:")
    keys.CREDENTIAL_KEYS = [NEW]
    with pytest.raises(SecretUnreadable, match="no key 'old'"):
        decrypt(sealed, **HERE)


@pytest.mark.parametrize("stored", ["plain text", "old:", "old:!!!", "old:AAAA", "nobody:AAAA"])
def test_what_was_never_sealed_is_no_plain_text(stored: str) -> None:
    with pytest.raises(SecretUnreadable) as caught:
        decrypt(stored, **HERE)
    assert "plain text" not in str(caught.value) or stored == "plain text"


def test_one_changed_byte_is_noticed() -> None:
    key_id, _, encoded = encrypt("segredo", **HERE).partition(":")
    data = bytearray(base64.b64decode(encoded))
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 1
        with pytest.raises(SecretUnreadable):
            decrypt(f"{key_id}:{base64.b64encode(broken).decode()}", **HERE)


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable()))
def test_every_text_comes_back(text: str) -> None:
    assert decrypt(encrypt(text, **HERE), **HERE) == text


@pytest.mark.parametrize(
    "value", [[], ["no colon"], [":" + base64.b64encode(b"x" * 32).decode()], ["short:AAAA"], ["bad:***"]]
)
def test_unusable_keys_fail_the_check(keys: Any, value: list[str]) -> None:
    keys.CREDENTIAL_KEYS = value
    (error,) = keys_are_usable(None)
    assert error.id == "integrations.E003"


def test_check_of_the_wiring(keys: Any) -> None:
    assert keys_are_usable(None) == []
    assert providers_exist(None) == []
    keys.ERP_PROVIDERS = {"typo": "tiny.provider.TinyProvidr"}
    assert [error.id for error in providers_exist(None)] == ["integrations.E001"]
