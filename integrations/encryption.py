"""Encryption at rest of credentials: AES-256-GCM, bound to the organization and the field.

A value copied into another company's row, or into another field, does not decrypt. Keys rotate: the first
of ``CREDENTIAL_KEYS`` encrypts, every one of them decrypts.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


class SecretUnreadable(RuntimeError):
    """The stored value cannot be decrypted with any of our keys: never treated as plain text."""


def load_keys() -> dict[str, bytes]:
    """The configured keys by id, the encrypting one first. Raises ``ValueError``."""
    keys: dict[str, bytes] = {}
    for item in settings.CREDENTIAL_KEYS:
        key_id, _, encoded = item.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or len(key) != 32:
            raise ValueError("each key is written <id>:<32 bytes in base64>")
        keys[key_id] = key
    if not keys:
        raise ValueError("at least one key is needed")
    return keys


def encrypt(plain: str, *, organization_id: int, field: str) -> str:
    """``"<key id>:<base64>"``; ``""`` stays ``""`` so that «not set» needs no key."""
    if not plain:
        return ""
    key_id, key = next(iter(load_keys().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), _binding(organization_id, field))
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, *, organization_id: int, field: str) -> str:
    """The plain text. Raises ``SecretUnreadable``."""
    if not stored:
        return ""
    key_id, _, encoded = stored.partition(":")
    key = load_keys().get(key_id)
    if key is None:
        raise SecretUnreadable(f"no key {key_id!r} for {field}")
    try:
        data = base64.b64decode(encoded, validate=True)
        opened = AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _binding(organization_id, field))
    except (binascii.Error, InvalidTag, ValueError) as error:
        raise SecretUnreadable(field) from error
    return opened.decode()


def _binding(organization_id: int, field: str) -> bytes:
    return f"{organization_id}/{field}".encode()
