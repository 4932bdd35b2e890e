"""Tiny's whole table of ``codigo_erro``: what the job does, what a person reads, which button is there."""

from __future__ import annotations

import pytest

from contracts.errors import (
    AlreadyExists,
    AuthenticationFailed,
    ErpError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
)
from tests.tiny.v2.bodies import BLOCKED
from tiny.error_messages import explain
from tiny.v2.errors import KINDS, KINDS_FOR_NEW_ORDER, code_of_text, make_error

# codigo_erro: class, code of ours, who acts, button.
TABLE: dict[int | None, tuple[type[ErpError], str, str, str]] = {
    1: (AuthenticationFailed, "tiny.v2_token_missing", "you", "edit_credentials"),
    2: (AuthenticationFailed, "tiny.v2_token_invalid", "you", "edit_credentials"),
    3: (RejectedByErp, "tiny.v2_malformed", "us", "retry"),
    4: (RejectedByErp, "tiny.v2_not_processed", "us", "retry"),
    5: (PermissionMissing, "tiny.v2_no_access", "you", "open_erp"),
    6: (RateLimited, "tiny.v2_too_many_per_minute", "limit", ""),
    7: (TemporaryError, "tiny.v2_no_space", "you", "open_erp"),
    8: (AuthenticationFailed, "tiny.v2_company_blocked", "you", "connect"),
    9: (RejectedByErp, "tiny.v2_sequence_repeated", "us", "retry"),
    10: (RejectedByErp, "tiny.v2_parameter_missing", "you", "retry"),
    11: (RateLimited, "tiny.v2_too_many_at_once", "limit", ""),
    20: (NotFound, "tiny.v2_no_records", "you", "open_erp"),
    21: (RejectedByErp, "tiny.v2_too_many_records", "us", "retry"),
    22: (RejectedByErp, "tiny.v2_batch_too_large", "us", "retry"),
    23: (NotFound, "tiny.v2_page_missing", "erp", ""),
    30: (RejectedByErp, "tiny.v2_duplicate", "you", "open_erp"),
    31: (RejectedByErp, "tiny.v2_invalid", "you", "retry"),
    32: (NotFound, "tiny.v2_not_found", "you", "open_erp"),
    33: (RejectedByErp, "tiny.v2_found_twice", "you", "retry"),
    34: (NotFound, "tiny.v2_invoice_not_authorized", "you", "open_erp"),
    35: (TemporaryError, "tiny.v2_unexpected", "erp", ""),
    99: (TemporaryError, "tiny.v2_maintenance", "erp", ""),
    777: (RejectedByErp, "tiny.v2_unknown_error", "us", "retry"),
    None: (RejectedByErp, "tiny.v2_unknown_error", "us", "retry"),
}


def test_every_code_of_the_table_is_known() -> None:
    assert KINDS.keys() == TABLE.keys() - {777, None}


@pytest.mark.parametrize("code", TABLE, ids=str)
def test_what_a_code_means(code: int | None) -> None:
    kind, our_code, owner, action = TABLE[code]
    error = make_error(code, module="Pedidos", reason="Motivo do Tiny")
    assert (type(error), error.code) == (kind, our_code)
    assert error.params["module"] == "Pedidos"
    assert error.params["reason"] == "Motivo do Tiny"
    assert error.params["code"] == ("não informado" if code is None else str(code))
    explanation = explain(error.code, error.params)
    assert explanation is not None
    assert (explanation.owner, explanation.action) == (owner, action)
    said = f"{explanation.title} {explanation.detail}"
    assert not set("?{}") & set(said), said


@pytest.mark.parametrize("code", TABLE, ids=str)
def test_what_a_code_means_to_a_new_order(code: int | None) -> None:
    expected = {30: (AlreadyExists, "tiny.order_repeated")} | dict.fromkeys(
        (20, 23, 32), (RejectedByErp, "tiny.order_names_missing")
    )
    error = make_error(code, module="Pedidos", reason="Motivo", kinds=KINDS_FOR_NEW_ORDER)
    assert (type(error), error.code) == expected.get(code or 0, TABLE[code][:2])
    assert explain(error.code, error.params) is not None


@pytest.mark.parametrize(("code", "seconds"), [(6, 90.0), (11, 5.0)])
def test_how_long_to_keep_away(code: int, seconds: float) -> None:
    error = make_error(code, module="Pedidos", reason="")
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds
    assert error.params["seconds"] == f"{seconds:.0f}"
    shown = explain(error.code, error.params)
    assert shown is not None
    assert f"em {seconds:.0f} s" in shown.detail


def test_only_what_heals_by_itself_has_no_button() -> None:
    for code, (kind, _, _, action) in TABLE.items():
        # A page that is gone is read again by the next poll; a full account waits for its owner too.
        heals = issubclass(kind, TemporaryError) or code == 23
        assert (action == "") is (heals and code != 7), code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BLOCKED, 6),
        (BLOCKED.upper(), 6),
        ("API Bloqueada", 6),
        ("Excedido o número de acessos concorrentes a API", 6),
        ("token invalido", 2),
        ("Token inválido ou não encontrado", 2),
        ("Erro interno", None),
        ("", None),
    ],
)
def test_refusal_without_a_code_may_be_told_by_its_text(text: str, code: int | None) -> None:
    assert code_of_text(text) == code
