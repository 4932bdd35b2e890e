"""Tiny's table of ``codigo_erro`` and how a refusal looks."""

from __future__ import annotations

from typing import Any

BLOCKED = "API Bloqueada - Excedido o número de acessos {what}a API, aguarde alguns minutos e tente novamente"
MESSAGES = {
    1: "token nao informado",
    2: "token invalido",
    3: "JSON mal formado",
    4: "Erro de processamento de XML",
    5: "API bloqueada ou sem acesso",
    6: BLOCKED.format(what=""),
    7: "Espaço da empresa esgotado",
    8: "Empresa bloqueada",
    9: "Números de sequência em duplicidade",
    10: "Parâmetro não informado",
    11: BLOCKED.format(what="concorrentes "),
    20: "A consulta não retornou registros",
    21: "A consulta retornou muitos registros",
    22: "Mais registros do que o permitido por lote de envio",
    23: "A página que você está tentando obter não existe",
    30: "Registro em duplicidade",
    31: "Erros de validação",
    32: "Registro não localizado",
    33: "Registro localizado em duplicidade",
    34: "Nota Fiscal não autorizada",
    35: "Ocorreu um erro inesperado, tente novamente mais tarde",
    99: "Sistema em manutenção",
}
UNPROCESSED = (1, 2, 5, 6, 7, 8, 11, 99)
# These are told as texts in the documentation's samples, the others as numbers.
TOLD_AS_TEXTS = (6, 11)
# What one record of a batch can suffer.
OF_A_RECORD = (30, 31, 32, 33)

Answer = dict[str, Any]


class Refused(Exception):
    """What Tiny answers with ``status: Erro``: a code of the table, sentences, a field where it names one."""

    def __init__(self, code: int, *texts: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.texts = texts or (MESSAGES[code],)
        self.field = field

    @property
    def errors(self) -> list[Answer]:
        return [{"erro": text, **({"campo": self.field} if self.field else {})} for text in self.texts]

    def describe(self) -> Answer:
        """The ``retorno``, error and code at its top."""
        is_text = self.code in TOLD_AS_TEXTS
        processing: int | str = 1 if self.code in UNPROCESSED else 2
        return {
            "status_processamento": str(processing) if is_text or self.field else processing,
            "status": "Erro",
            "codigo_erro": str(self.code) if is_text else self.code,
            "erros": self.errors,
        }

    def describe_record(self, sequence: str = "") -> Answer:
        """The error as one ``registro`` of a batch."""
        return {
            "sequencia": sequence,
            "status": "Erro",
            "codigo_erro": str(self.code),
            "erros": self.errors,
        }


def fail_records(*records: Answer) -> Answer:
    """The ``retorno`` of a batch of which nothing came through: no code at its top."""
    return {
        "status_processamento": "2",
        "status": "Erro",
        "registros": [{"registro": record} for record in records],
    }
