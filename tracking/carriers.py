"""The carriers that we know, as data: ``data/carriers.json``, read once.

One is added there, without a line of code; see docs/TRACKING.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote


class CarrierKind(StrEnum):
    """``ROAD`` and ``NETWORK`` (a system that many road carriers share) are followed by the nota's key.

    A ``MARKETPLACE`` carries by itself or has it done, and tells inside only. A ``GATEWAY`` sells labels of
    others. ``OWN`` and ``NONE`` never have a code.
    """

    CARRIER = "carrier"
    ROAD = "road_carrier"
    NETWORK = "tms_network"
    MARKETPLACE = "marketplace_logistics"
    GATEWAY = "gateway"
    OWN = "own"
    NONE = "none"


class CodeStrength(StrEnum):
    """What a code of this shape says: whose it is, maybe whose, or nothing that was not said already."""

    PROOF = "proof"
    HINT = "hint"
    SUPPORTS = "supports"


@dataclass(frozen=True, slots=True)
class CodeShape:
    """``pattern`` is for normalised codes.

    With ``has_s10_digit`` the code has the UPU's digit; ``strength_if_wrong`` is what it says if that does
    not hold, ``None`` for nothing at all.
    """

    pattern: re.Pattern[str]
    strength: CodeStrength
    has_s10_digit: bool
    strength_if_wrong: CodeStrength | None
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Service:
    """A carrier's product, with the words that name it once the carrier is known."""

    name: str
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who may have a parcel.

    ``aliases`` name it wherever they stand as whole words. ``weak_aliases`` mean something else, too: beside
    words of no carrier they are in doubt, and the bare name of a marketplace gives way to whoever carries for
    it. ``raw_names`` name it only as the whole text, to the letter.

    ``type_codes`` are the ERP's (``ErpShippingMethod.type_code``), ``domains`` those of its tracking pages,
    ``url_parts`` the carrier by a part of a gateway's address. ``public_url`` is a page that tells of the
    parcel, with ``{code}``; ``""`` where none is known to work.
    """

    key: str
    name: str
    kind: CarrierKind
    aliases: Sequence[str]
    weak_aliases: Sequence[str]
    raw_names: Sequence[str]
    services: Sequence[Service]
    type_codes: Sequence[str]
    codes: Sequence[CodeShape]
    has_only_these_codes: bool
    domains: Sequence[str]
    url_parts: Mapping[str, str]
    public_url: str

    def fits(self, code: str) -> bool:
        """Whether a normalised code has one of the shapes that this carrier gives."""
        return any(shape.pattern.fullmatch(code) for shape in self.codes)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``not_names`` hold an alias or a service and name none; after one of ``negations`` nobody is named.

    ``plain_words`` stand beside a weak alias without putting it in doubt. ``hiding_type_codes`` of the ERP
    say that somebody carries, not who.
    """

    hiding_type_codes: Sequence[str]
    not_names: Sequence[str]
    negations: Sequence[str]
    plain_words: Sequence[str]


def _read_carrier(data: Mapping[str, Any]) -> Carrier:
    return Carrier(
        key=data["key"],
        name=data["name"],
        kind=CarrierKind(data["kind"]),
        aliases=tuple(data["aliases"]),
        weak_aliases=tuple(data.get("weak_aliases", ())),
        raw_names=tuple(data.get("raw_names", ())),
        services=tuple(Service(each["name"], tuple(each["words"])) for each in data.get("services", ())),
        type_codes=tuple(data.get("type_codes", ())),
        codes=tuple(
            CodeShape(
                re.compile(each["pattern"]),
                CodeStrength(each["strength"]),
                each.get("digit") == "s10",
                CodeStrength(each["strength_if_wrong"]) if "strength_if_wrong" in each else None,
                tuple(each["examples"]),
            )
            for each in data.get("codes", ())
        ),
        has_only_these_codes=data.get("has_only_these_codes", False),
        domains=tuple(data.get("domains", ())),
        url_parts=data.get("url_parts", {}),
        public_url=data.get("public_url", ""),
    )


_DATA = json.loads((Path(__file__).parent / "data" / "carriers.json").read_text(encoding="utf-8"))

CARRIERS: Mapping[str, Carrier] = {each["key"]: _read_carrier(each) for each in _DATA["carriers"]}
VOCABULARY = Vocabulary(**{name: tuple(words) for name, words in _DATA.items() if name != "carriers"})


def find_carrier(key: str) -> Carrier | None:
    """``None`` for ``""`` and for a carrier that is no longer in the data."""
    return CARRIERS.get(key)


def public_url(carrier_key: str, code: str) -> str:
    """The carrier's page about a parcel, or ``""``."""
    carrier = find_carrier(carrier_key)
    if carrier is None or not code:
        return ""
    return carrier.public_url.replace("{code}", quote(code, safe=""))


def list_choices() -> list[tuple[str, str]]:
    """Key and name of each carrier that a person may choose, by name."""
    return sorted(((each.key, each.name) for each in CARRIERS.values()), key=lambda each: each[1].casefold())
