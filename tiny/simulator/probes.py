"""How Tiny tries an address before it takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .sender import NO_ANSWER, Poster
from .store import Row

# An integration's addresses get an empty POST, the account's Webhooks are visited by other methods as well.
INTEGRATION = ("POST",)
ACCOUNT = ("GET", "HEAD", "OPTIONS", "POST")


def probe(url: str, methods: Sequence[str]) -> str:
    """The first status that is not 200, "200", or that no answer came."""
    poster = Poster()
    try:
        for method in methods:
            status = poster.send(url, b"", method=method).status
            if status != 200:
                return NO_ANSWER if status is None else str(status)
        return "200"
    finally:
        poster.close()


def probe_all(given: Mapping[str, str], methods: Sequence[str]) -> dict[str, Row]:
    """Address and answer of each kind that has one; no address is asked twice."""
    answers = {url: probe(url, methods) for url in {url for url in given.values() if url}}
    return {kind: {"url": url, "answer": answers[url]} for kind, url in given.items() if url}


def merge(saved: Mapping[str, Row], given: Mapping[str, str], methods: Sequence[str] = ()) -> dict[str, Row]:
    """The saved addresses with other ones for some kinds, none for those that are empty.

    Without ``methods`` nobody is asked, and the answer is taken for 200.
    """
    probed = probe_all(given, methods)
    if not methods:
        probed = {kind: {"url": url, "answer": "200"} for kind, url in given.items() if url}
    return {**{kind: row for kind, row in saved.items() if kind not in given}, **probed}
