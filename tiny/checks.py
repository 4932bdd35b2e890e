"""What «Testar» does alike for each of Tiny's protocols.

Every step says what was found, in the words of the panel.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from contracts.errors import ErpError, PermissionMissing
from contracts.http import HttpClient
from contracts.provider import Endpoints, ProviderContext, SlotKind
from contracts.records import CallRecord, CheckState, CheckStep, ErpAccount
from tiny import error_messages

ADDRESS = ("address", "Endereço e certificado")
ACCESS = ("access", "Autenticação")
PERMISSIONS = ("permissions", "Permissões")
LIMIT = ("limit", "Limite do plano")
CLOCK = ("clock", "Relógio")
PROBE_DEADLINE_SECONDS = 5.0
CLOCK_WARNING_SECONDS = 30
CLOCK_FAILURE_SECONDS = 300

Key = tuple[str, str]
Step = tuple[Key, Callable[[], CheckStep]]


class Listening:
    """The given context, remembering the newest answer's headers."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self.protocol: str = context.protocol
        self.http: HttpClient = context.http
        self.endpoints: Endpoints = context.endpoints
        self.headers: Mapping[str, str] = {}

    def access_token(self, *, force: bool = False) -> str:
        return self._context.access_token(force=force)

    def take_slot(self, kind: SlotKind) -> None:
        self._context.take_slot(kind)

    def observe(self, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._context.observe(headers)

    def log_call(self, call: CallRecord) -> None:
        self._context.log_call(call)

    def now(self) -> dt.datetime:
        return self._context.now()


def run(steps: Sequence[Step]) -> Iterator[CheckStep]:
    """The steps in order, up to and including the first fatal one."""
    for key, look in steps:
        started = time.monotonic()
        try:
            step = look()
        except ErpError as error:
            step = _failed(key, error)
        yield replace(step, duration_ms=int((time.monotonic() - started) * 1000))
        if step.is_fatal:
            return


def make_step(key: Key, state: CheckState, detail: str, remedy: str = "", action: str = "") -> CheckStep:
    return CheckStep(*key, state, detail, remedy, action)


def check_address(context: Listening, path: str) -> CheckStep:
    """Any answer at all, even a refusal, says that the host and its certificate are good."""
    parts = urlsplit(context.endpoints.api_url)
    response = context.http.request(
        "GET", context.endpoints.api_url.rstrip("/") + path, deadline=PROBE_DEADLINE_SECONDS
    )
    context.headers = response.headers
    how = "com conexão segura" if parts.scheme == "https" else "sem conexão segura, como o simulador"
    return make_step(ADDRESS, CheckState.OK, f"{parts.hostname} respondeu {how}.")


def check_access(account: ErpAccount, account_document: str, remedy: str, action: str) -> CheckStep:
    """``account`` is whose access it is; ``account_document`` whose it should be, ``""`` for anybody's."""
    found = f"Acesso aceito. Conta {account.name}, {_punctuate(account.document)}."
    if account_document and account.document != account_document:
        step = make_step(
            ACCESS, CheckState.FAILURE, found, f"Esta integração é de outra conta. {remedy}", action
        )
        return replace(step, is_fatal=True)
    return make_step(ACCESS, CheckState.OK, found)


def ask_each(probes: Sequence[tuple[str, Callable[[], object]]]) -> tuple[list[str], list[str]]:
    """One small question to each module; «no rows» is a good answer. Names of those granted and refused."""
    granted, missing = [], []
    for name, ask in probes:
        try:
            ask()
        except PermissionMissing:
            missing.append(name)
        else:
            granted.append(name)
    return granted, missing


def check_clock(headers: Mapping[str, str], now: dt.datetime) -> CheckStep:
    """Our clock beside the ``Date`` of the ERP's answer."""
    try:
        theirs = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return make_step(CLOCK, CheckState.NOT_CHECKED, "O Tiny não informou a hora nesta resposta.")
    seconds = abs((now - theirs).total_seconds())
    shown = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    detail = f"Relógio com {shown} de diferença."
    if seconds > CLOCK_FAILURE_SECONDS:
        return make_step(CLOCK, CheckState.FAILURE, detail, "É do nosso lado: nossa equipe precisa acertar.")
    if seconds > CLOCK_WARNING_SECONDS:
        return make_step(CLOCK, CheckState.WARNING, detail, "É do nosso lado; nada a fazer por você.")
    return make_step(CLOCK, CheckState.OK, detail)


def enumerate_names(names: Sequence[str]) -> str:
    return " e ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _failed(key: Key, error: ErpError) -> CheckStep:
    explanation = error_messages.explain(error.code, error.params)
    if explanation is None:
        return CheckStep(*key, CheckState.FAILURE, error.code, is_fatal=True)
    return CheckStep(
        *key,
        CheckState.FAILURE,
        f"{explanation.title}.",
        remedy=explanation.detail,
        action=explanation.action,
        is_fatal=True,
    )


def _punctuate(document: str) -> str:
    if len(document) != 14:
        return document
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"
