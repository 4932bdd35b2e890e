"""Takes secrets and personal data out of text that is kept for people to read."""

from __future__ import annotations

import re

MASK = "•••"
# What may be cut off later is not worth the patterns' time; a body can have megabytes.
_CONSIDERED = 16 * 1024

_PATTERNS = (
    # A token, with or without its word.
    re.compile(r"(?i)\bbearer\s+[^\s\"']+"),
    re.compile(r"\beyJ[\w-]{2,}(?:\.[\w-]*)*"),
    re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),
    # Access key of a nota fiscal: it opens the buyer's data at the carriers.
    re.compile(r"\b[0-9]{6}[0-9A-Za-z]{12}[0-9]{26}\b"),
    # CNPJ, then CPF, masked or bare.
    re.compile(r"\b[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}\b"),
    re.compile(r"\b[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}\b"),
    # Telephone with its area code, then any long number that is left (Tiny's ids have nine digits).
    re.compile(r"(?:\+?55[\s-]?)?\(?\b[0-9]{2}\)?[\s-]?9?[\s-]?[0-9]{4}[\s-]?[0-9]{4}\b"),
    re.compile(r"[0-9]{10,}"),
)


def redact(text: str, limit: int) -> str:
    """``text`` with tokens, CPF, CNPJ, access keys, e-mails and telephones masked, at most ``limit`` long."""
    # PHP writes a slash in JSON as «\/», which would hide a CNPJ.
    kept = text[:_CONSIDERED].replace("\\/", "/")
    for pattern in _PATTERNS:
        kept = pattern.sub(MASK, kept)
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
