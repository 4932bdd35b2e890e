from __future__ import annotations

from jobs import checks, reasons


def test_a_typo_in_job_handlers_fails_the_check(settings):
    settings.JOB_HANDLERS = {
        "good": "tests.jobs.handlers.work",
        "no module": "tests.jobs.handlrs.work",
        "no name": "tests.jobs.handlers.wrok",
        "no function": "tests.jobs.handlers.NOT_A_HANDLER",
    }
    errors = checks.handlers_can_be_imported(None)
    assert [(error.id, error.msg.split(" = ")[0]) for error in errors] == [
        ("jobs.E001", "JOB_HANDLERS['no module']"),
        ("jobs.E001", "JOB_HANDLERS['no name']"),
        ("jobs.E001", "JOB_HANDLERS['no function']"),
    ]


def test_sentences_name_the_support_code_and_the_unknown_code():
    assert "código de suporte 7F3A2C" in reasons.explain("us.bug", {"support_code": "7F3A2C"}).detail
    unknown = reasons.explain("no.such", {})
    assert ("no.such" in unknown.detail, unknown.owner, unknown.action) == (True, "us", "retry")
    assert reasons.explain("us.crashed", {}).action == "retry"
    assert reasons.explain("http.timeout", {}).owner == "erp"
