"""Which carrier has a parcel, from what an ERP and a shop write about it: one pure function.

A wrong carrier is worse than none: whoever is named must be one, and what cannot be told apart stays unknown.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from tracking.carriers import CARRIERS, VOCABULARY, Carrier, CarrierKind, CodeStrength
from tracking.codes import has_valid_s10_digit, is_nfe_key, is_s10, split_codes

# The fields that name somebody in words, the most particular first.
NAME_FIELDS = ("freight_method", "carrier_name", "shipping_method")
# What Tiny and shops write has some dozens of characters.
LONGEST_NAME = 300
LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of how a parcel travels, raw. ``type_code`` is ``ErpShippingMethod.type_code``.

    ``counts_from`` is the São Paulo day before which nothing can have happened to it.
    """

    type_code: str = ""
    carrier_name: str = ""
    shipping_method: str = ""
    freight_method: str = ""
    tracking_code: str = ""
    tracking_url: str = ""
    nfe_key: str = ""
    counts_from: dt.date | None = None


@dataclass(frozen=True, slots=True)
class MappingRule:
    """What a company says of a text: ``kind`` is one of ``NAME_FIELDS``, ``text`` normalised, its carrier."""

    kind: str
    text: str
    carrier_key: str
    service: str = ""


class Confidence(StrEnum):
    """``MAPPED``: a person of the company said so. ``LIKELY`` is shown as such, never as a fact."""

    MAPPED = "mapped"
    CERTAIN = "certain"
    LIKELY = "likely"
    NONE = "none"


class Reason(StrEnum):
    """Why it is this carrier, or none. ``params`` of each are beside it."""

    MAPPED = "carrier.mapped"  # source, text
    NAMED = "carrier.named"  # source, text
    BY_TYPE = "carrier.by_type"
    BY_CODE = "carrier.by_code"
    BY_URL = "carrier.by_url"
    HIDDEN = "carrier.hidden"  # name: of the gateway, which has others carry
    CONTRADICTION = "carrier.contradiction"  # names
    NOT_NAMED = "carrier.not_named"
    # Learnt later, from who knows the parcel's nota (tracking.services.recording).
    BY_INVOICE = "carrier.by_invoice"


class ClueWarning(StrEnum):
    """What looks wrong and stops nothing."""

    WRONG_DIGIT = "code.wrong_digit"
    FOREIGN_SHAPE = "code.foreign_shape"
    WRONG_NFE_KEY = "nfe_key.wrong"


@dataclass(frozen=True, slots=True)
class Identification:
    """``carrier_key`` is one of ``CARRIERS``, ``""`` if unknown; ``service`` as the carrier calls it."""

    carrier_key: str
    service: str
    confidence: Confidence
    reason: Reason
    params: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Weight(IntEnum):
    """How much one clue says. ``ABSENT``: nobody carries. ``HIDING``: somebody sells another's label."""

    ABSENT = 0
    HIDING = 1
    WEAK = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """``is_vague``: it makes nobody certain. ``is_doubtful``: it speaks against others, for nobody alone."""

    carrier: Carrier
    weight: Weight
    source: str
    text: str = ""
    is_vague: bool = False
    is_doubtful: bool = False


def identify(clues: Clues, rules: Sequence[MappingRule] = ()) -> Identification:
    """Never raises, whatever the clues hold. Of equal rules the first holds."""
    codes = split_codes(clues.tracking_code)
    mapped = _find_rule(clues, rules)
    if mapped is not None:
        carrier = CARRIERS[mapped.carrier_key]
        return Identification(
            carrier.key,
            mapped.service or _find_service(carrier, clues),
            Confidence.MAPPED,
            Reason.MAPPED,
            {"source": mapped.kind, "text": getattr(clues, mapped.kind)[:LONGEST_NAME]},
            _find_warnings(carrier, codes, clues.nfe_key),
        )
    evidence = _gather(clues, codes)
    best = max((each.weight for each in evidence), default=Weight.ABSENT)
    candidates = {each.carrier.key: each.carrier for each in evidence if each.weight == best}
    if len(candidates) > 1:
        candidates = _tell_apart(candidates, evidence, best) or candidates
    elif all(each.is_doubtful for each in evidence if each.weight == best):
        candidates = {}
    if len(candidates) != 1:
        names = ", ".join(sorted(each.name for each in candidates.values()))
        return Identification(
            "",
            "",
            Confidence.NONE,
            Reason.CONTRADICTION if candidates else Reason.NOT_NAMED,
            {"names": names} if candidates else {},
            _find_warnings(None, codes, clues.nfe_key),
        )
    carrier = next(iter(candidates.values()))
    reason, params = _explain(carrier, evidence, best)
    return Identification(
        carrier.key,
        _find_service(carrier, clues),
        Confidence.CERTAIN if _is_certain(carrier, evidence, codes) else Confidence.LIKELY,
        reason,
        params,
        _find_warnings(carrier, codes, clues.nfe_key),
    )


# --- rules of the company ---


def normalize_text(text: str) -> str:
    """For comparing names: small letters and digits without accents, single spaces; "" for blank text.

    What has neither letter nor digit stays as it is, so that a rule for one sign does not catch another.
    """
    folded = _fold(text)
    return folded or "".join(text.split())


@lru_cache(maxsize=5000)
def _fold(text: str) -> str:
    plain = "".join(
        each
        for each in unicodedata.normalize("NFKD", html.unescape(text[:LONGEST_NAME].lower()))
        if not unicodedata.combining(each)
    ).casefold()
    # «J&T» is one word; between words the sign is punctuation.
    plain = _LETTERS_WITH_AND.sub(r"\1\2", plain)
    return " ".join(_NO_WORD.sub(" ", plain).split())


_LETTERS_WITH_AND = re.compile(r"\b([^\W\d_]) ?& ?([^\W\d_])\b")
_NO_WORD = re.compile(r"[\W_]+")


def _find_rule(clues: Clues, rules: Sequence[MappingRule]) -> MappingRule | None:
    texts = {kind: normalize_text(getattr(clues, kind)) for kind in NAME_FIELDS}
    for kind in NAME_FIELDS:
        for rule in rules:
            if (
                rule.kind == kind
                and texts[kind]
                and rule.text == texts[kind]
                and rule.carrier_key in CARRIERS
            ):
                return rule
    return None


# --- what each clue says ---


def _gather(clues: Clues, codes: Sequence[str]) -> list[Evidence]:
    evidence = [*_read_type(clues.type_code)]
    folded = [_fold(getattr(clues, name)) for name in NAME_FIELDS]
    are_plain = all(_find_names(text)[1] for text in folded)
    for name, text in zip(NAME_FIELDS, folded, strict=True):
        evidence += _read_name(getattr(clues, name), text, name, are_plain)
    evidence += _read_codes(codes)
    evidence += _read_url(clues.tracking_url, codes)
    # A marketplace has the Correios carry, too, and their digit tells.
    if any(has_valid_s10_digit(code) for code in codes):
        evidence = [
            each
            for each in evidence
            if each.carrier.kind != CarrierKind.MARKETPLACE or each.source == "tracking_code"
        ]
    return evidence


def _tell_apart(
    candidates: Mapping[str, Carrier], evidence: Sequence[Evidence], best: Weight
) -> dict[str, Carrier]:
    """Of several that are named equally the one whose code it is."""
    of_code = {
        each.carrier.key for each in evidence if each.source == "tracking_code" and each.weight == best
    }
    named = {each.carrier.key for each in evidence if each.source != "tracking_code"}
    return {key: carrier for key, carrier in candidates.items() if key in of_code & named}


def _read_type(type_code: str) -> Iterator[Evidence]:
    carrier = _BY_TYPE.get(type_code.strip().upper())
    if carrier is not None:
        yield Evidence(carrier, _limit(carrier, Weight.STRONG), "type_code")


def _limit(carrier: Carrier, weight: Weight) -> Weight:
    """What a clue of this weight says of a carrier that does not carry itself."""
    if carrier.kind == CarrierKind.GATEWAY:
        return Weight.HIDING
    return Weight.ABSENT if carrier.key == "no_shipping" else weight


def _read_name(text: str, folded: str, source: str, are_plain: bool) -> Iterator[Evidence]:
    """``are_plain``: no field has words that may be somebody else's name."""
    raw = _RAW_NAMES.get(" ".join(text.split()).casefold())
    if raw is not None:
        yield Evidence(raw, Weight.STRONG, source, text)
        return
    aliases, is_plain = _find_names(folded)
    for alias in aliases:
        is_doubtful = alias.is_weak and not (are_plain if alias.is_vague else is_plain)
        yield Evidence(alias.carrier, alias.weight, source, text, alias.is_vague, is_doubtful)


@dataclass(frozen=True, slots=True)
class _Alias:
    carrier: Carrier
    weight: Weight
    is_weak: bool
    # «PAC» means other things, too, but in a list of freights only one.
    is_vague: bool


@lru_cache(maxsize=5000)
def _find_names(folded: str) -> tuple[tuple[_Alias, ...], bool]:
    """Who is named, and whether the other words are such as stand beside any name."""
    spans, rest = _find_phrases(folded, _ALIASES)
    denials = [place for word in _NEGATIONS if (place := rest.find(f" {word} ")) >= 0]
    named = [
        alias
        for place, phrase in spans
        if (alias := _ALIASES[phrase]) is not None and not any(denial < place for denial in denials)
    ]
    services = sorted(
        {word for alias in named for word in _SERVICES[alias.carrier.key][0]}, key=_longest_first
    )
    others = [word for word in _find_phrases(rest.strip(), services)[1].split() if not word.startswith("|")]
    return tuple(named), all(word.isdigit() or word in _PLAIN_WORDS for word in others)


def _find_phrases(folded: str, phrases: Iterable[str]) -> tuple[list[tuple[int, str]], str]:
    """Where phrases stand as whole words, each place taken by the longest; the text with those blanked."""
    rest = f" {folded} "
    found = []
    for phrase in phrases:
        place = rest.find(f" {phrase} ")
        while place >= 0:
            found.append((place, phrase))
            # As long as it was, so that places stay what they are.
            rest = rest[: place + 1] + "|" * len(phrase) + rest[place + 1 + len(phrase) :]
            place = rest.find(f" {phrase} ")
    return found, rest


def _read_codes(codes: Sequence[str]) -> Iterator[Evidence]:
    """Digits alone never name anybody: every carrier numbers so."""
    for code in codes:
        if not re.search("[A-Z]", code):
            continue
        read = [
            (carrier, strength, is_right)
            for carrier in CARRIERS.values()
            for shape in carrier.codes
            if shape.pattern.fullmatch(code)
            for is_right in [not shape.has_s10_digit or has_valid_s10_digit(code)]
            for strength in [shape.strength if is_right else shape.strength_if_wrong]
            if strength in (CodeStrength.PROOF, CodeStrength.HINT)
        ]
        is_shared = len({carrier.key for carrier, *_ in read}) > 1
        for carrier, strength, is_right in read:
            # One whose digit is wrong is rather of whoever has that shape without a digit.
            if is_shared and not is_right:
                continue
            is_proof = strength == CodeStrength.PROOF and not is_shared
            # One of several is too little of a hint.
            if not is_proof and len(codes) > 1:
                continue
            yield Evidence(carrier, Weight.STRONG if is_proof else Weight.WEAK, "tracking_code", code)


def _read_url(url: str, codes: Sequence[str]) -> Iterator[Evidence]:
    host, path = read_address(url)
    if not host:
        return
    for carrier in CARRIERS.values():
        if not any(host == domain or host.endswith(f".{domain}") for domain in carrier.domains):
            continue
        # A shop's template leads to one carrier's page whoever carries.
        if carrier.has_only_these_codes and codes and not any(carrier.fits(code) for code in codes):
            continue
        weight = Weight.HIDING if carrier.kind == CarrierKind.NETWORK else Weight.STRONG
        # It is whatever somebody pasted.
        yield Evidence(carrier, _limit(carrier, weight), "tracking_url", is_vague=True)
        for part in path.casefold().split("/"):
            if part in carrier.url_parts:
                yield Evidence(
                    CARRIERS[carrier.url_parts[part]], Weight.STRONG, "tracking_url", is_vague=True
                )


def read_address(url: str) -> tuple[str, str]:
    """Host and path of a plain web address, ``("", "")`` for anything that may pretend to be another.

    The text is hostile: no other scheme, user, port, escape, or letter outside of ASCII passes.
    """
    text = url.strip(" ")
    if len(text) > LONGEST_URL or not _PLAIN_ADDRESS.match(text):
        return "", ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "", ""
    host = parts.netloc.lower()
    if not _PLAIN_HOST.fullmatch(host) or any(label.startswith("xn--") for label in host.split(".")):
        return "", ""
    return host, parts.path


# urlsplit drops tabs and line ends, and browsers take a backslash for a slash.
_PLAIN_ADDRESS = re.compile(r"https?://[^\s\\\x00-\x1f]+\Z", re.I)
_PLAIN_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


# --- what is made of it ---


def _is_certain(carrier: Carrier, evidence: Sequence[Evidence], codes: Sequence[str]) -> bool:
    about = [each for each in evidence if each.carrier.key == carrier.key]
    if carrier.kind == CarrierKind.GATEWAY:
        return False
    if any(each.weight == Weight.STRONG and not each.is_vague for each in about):
        return True
    return any(each.source in NAME_FIELDS for each in about) and any(carrier.fits(code) for code in codes)


def _explain(
    carrier: Carrier, evidence: Sequence[Evidence], weight: Weight
) -> tuple[Reason, Mapping[str, str]]:
    if carrier.kind == CarrierKind.GATEWAY:
        return Reason.HIDDEN, {"name": carrier.name}
    about = {
        each.source: each for each in evidence if each.carrier.key == carrier.key and each.weight == weight
    }
    for source in NAME_FIELDS:
        if source in about:
            return Reason.NAMED, {"source": source, "text": about[source].text[:LONGEST_NAME]}
    if "type_code" in about:
        return Reason.BY_TYPE, {}
    return (Reason.BY_CODE if "tracking_code" in about else Reason.BY_URL), {}


def _find_service(carrier: Carrier, clues: Clues) -> str:
    """The one product of the carrier that a field names, else ``""``. A company's name tells none."""
    services, phrases = _SERVICES[carrier.key]
    for text in (clues.freight_method, clues.shipping_method):
        named = {
            services[phrase] for _, phrase in _find_phrases(_fold(text), phrases)[0] if phrase in services
        }
        if named:
            return named.pop() if len(named) == 1 else ""
    return ""


def _find_warnings(carrier: Carrier | None, codes: Sequence[str], nfe_key: str) -> tuple[str, ...]:
    warnings = []
    may_have_digit = carrier is None or any(shape.has_s10_digit for shape in carrier.codes)
    if may_have_digit and any(is_s10(code) and not has_valid_s10_digit(code) for code in codes):
        warnings.append(ClueWarning.WRONG_DIGIT)
    if carrier and carrier.has_only_these_codes and not all(carrier.fits(code) for code in codes):
        warnings.append(ClueWarning.FOREIGN_SHAPE)
    if nfe_key and not is_nfe_key(nfe_key):
        warnings.append(ClueWarning.WRONG_NFE_KEY)
    return tuple(warning.value for warning in warnings)


# --- the data, as it is looked up ---


def _longest_first(phrase: str) -> tuple[int, str]:
    return -len(phrase), phrase


def _list_aliases() -> dict[str, _Alias | None]:
    """Whom each alias, folded, names; ``None`` for what names nobody. The longest first."""
    aliases: dict[str, _Alias | None] = dict.fromkeys(map(_fold, VOCABULARY.not_names))
    for carrier in CARRIERS.values():
        has_others_carry = carrier.kind in (CarrierKind.MARKETPLACE, CarrierKind.NETWORK)
        weak = _limit(carrier, Weight.WEAK if has_others_carry else Weight.STRONG)
        products = {word for service in carrier.services for word in service.words}
        for alias in carrier.weak_aliases:
            aliases[_fold(alias)] = _Alias(carrier, weak, is_weak=True, is_vague=alias not in products)
        strong = _Alias(carrier, _limit(carrier, Weight.STRONG), is_weak=False, is_vague=False)
        aliases |= dict.fromkeys(map(_fold, carrier.aliases), strong)
    return dict(sorted(aliases.items(), key=lambda each: _longest_first(each[0])))


_ALIASES = _list_aliases()
_NEGATIONS = tuple(map(_fold, VOCABULARY.negations))
_PLAIN_WORDS = frozenset(map(_fold, (*VOCABULARY.plain_words, *VOCABULARY.negations)))
_RAW_NAMES = {name.casefold(): carrier for carrier in CARRIERS.values() for name in carrier.raw_names}
_BY_TYPE = {code.upper(): carrier for carrier in CARRIERS.values() for code in carrier.type_codes}


def _list_services(carrier: Carrier) -> tuple[dict[str, str], tuple[str, ...]]:
    """The carrier's services by each of their words, and all that is looked for, the longest first.

    Names of others are looked for, too: «Frete Rápido» is no «Rápido».
    """
    services = {_fold(word): service.name for service in carrier.services for word in service.words}
    others = {name for name, alias in _ALIASES.items() if alias is None or alias.carrier is not carrier}
    # Without services there is nothing to look for.
    return services, tuple(sorted({*services, *others}, key=_longest_first)) if services else ()


_SERVICES = {carrier.key: _list_services(carrier) for carrier in CARRIERS.values()}
