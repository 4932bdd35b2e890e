"""What the REST API of customers takes and answers, for its OpenAPI document."""

from __future__ import annotations

from customers.values import ADDRESS, LONGEST_EMAIL
from ui.openapi import (
    FLAG,
    MOMENT,
    PAGING,
    TEXT,
    WHOLE,
    Fields,
    Operation,
    Parameter,
    Shape,
    nullable,
    one_of,
    page_of,
    record,
    text,
)
from ui.rest import ProblemKind

DOCUMENT_TAKEN = ProblemKind("document-taken", 409, "CPF/CNPJ já existe")

_KIND = one_of(["PF", "PJ", ""])
_ADDRESS = Shape("Address", record(dict.fromkeys(ADDRESS, TEXT)))
OWN_FIELDS: Fields = {
    "name": TEXT,
    "kind": _KIND,
    "document": TEXT,
    "email": TEXT,
    "phone": TEXT,
    "address": _ADDRESS,
}
_FIELDS: Fields = {"id": WHOLE, **OWN_FIELDS, "created_at": MOMENT, "updated_at": MOMENT}
_ROW = Shape("CustomerRow", record(_FIELDS))
_CUSTOMER = Shape("Customer", record({**_FIELDS, "sending": FLAG, "not_sent": nullable(TEXT)}))

NEW_ADDRESS = {part: text(200) for part in ADDRESS} | {"state": text(40), "zip_code": text(20)}
_SENT: Fields = {
    "name": text(200, is_needed=True),
    "kind": _KIND,
    "document": text(40),
    "email": text(LONGEST_EMAIL),
    "phone": text(40),
    "address": Shape("NewAddress", record(NEW_ADDRESS, needed=[])),
}
NEW_CUSTOMER = Shape("NewCustomer", record(_SENT, needed=["name"]))
_CHANGE = Shape("CustomerChange", record(_SENT, needed=[]))

_ID = Parameter("customer_id", "path", WHOLE, "O `id` do cliente.")
_DOCUMENT = Parameter("document", "query", TEXT, "Só o cliente deste CPF ou CNPJ, com pontuação ou sem.")

LIST = Operation("Lista os clientes", {200: page_of(_ROW)}, parameters=(*PAGING, _DOCUMENT))
CREATE = Operation("Cria um cliente", {201: _CUSTOMER}, body=NEW_CUSTOMER, problems=(DOCUMENT_TAKEN,))
READ = Operation("Um cliente", {200: _CUSTOMER}, parameters=(_ID,))
CHANGE = Operation(
    "Altera os campos enviados",
    {200: _CUSTOMER},
    body=_CHANGE,
    parameters=(_ID,),
    problems=(DOCUMENT_TAKEN,),
)
