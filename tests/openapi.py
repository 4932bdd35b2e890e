"""What the API really takes and answers, held against its OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator

from ui.openapi import describe_api

PROBLEM = {"$ref": "#/components/schemas/Problem"}


def check_exchange(method: str, body: bytes, response: Any) -> None:
    """Whether the document has this answer, and the body that was taken."""
    path = response.request["PATH_INFO"]
    if method == "HEAD" or not path.startswith("/api/v1/"):
        return
    operation = describe_api()["paths"].get(find_template(path), {}).get(method.lower())
    if operation is None:
        validate(response.json(), PROBLEM)
        return
    answers = operation["responses"]
    status = str(response.status_code)
    assert status in answers, f"{method} {path} answers {status}, which is not described"
    assert [response["Content-Type"]] == list(answers[status]["content"])
    validate(response.json(), answers[status]["content"][response["Content-Type"]]["schema"])
    assert set(answers[status].get("headers", ())) <= set(response.headers)
    if response.status_code < 300 and "requestBody" in operation:
        validate(json.loads(body), operation["requestBody"]["content"]["application/json"]["schema"])


def validate(value: Any, schema: dict[str, Any]) -> None:
    # Its references begin at the root.
    whole = {**schema, "components": describe_api()["components"]}
    Draft202012Validator(whole).validate(value)


def find_template(path: str) -> str | None:
    """The document's name of an address: of several that fit, the one that says most."""
    templates = sorted(describe_api()["paths"], key=len, reverse=True)
    return next((one for one in templates if re.fullmatch(re.sub(r"{\w+}", ".+", one), path, re.S)), None)
