"""What the panel says about each failure at Tiny: «Não conseguimos X. Motivo. O que fazer.»

Sentences name the cause and never echo Tiny's text as the headline, because Tiny's text often misleads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from contracts.records import Explanation

_YOU, _ERP, _LIMIT, _US = "you", "erp", "limit", "us"

_ALONE = "Tentamos de novo sozinhos, e nada se perde."
_PERMISSION_PATH = (
    "No Tiny, abra Configurações > Geral > Aplicativos, marque a leitura de {module} no seu aplicativo"
    " e depois clique em Conectar: a permissão só vale a partir de uma nova autorização."
)
_UNREADABLE = "A nossa equipe precisa ver este caso; depois da correção, tente de novo."

# Values of ``params`` are filled in with str.format; one that is missing becomes «?».
EXPLANATIONS: Mapping[str, Explanation] = {
    # The way to Tiny
    "http.timeout": Explanation(
        "O Tiny demorou demais para responder",
        f"Não conseguimos ler os dados a tempo. O Tiny está lento agora. {_ALONE}",
        _ERP,
    ),
    "http.unreachable": Explanation(
        "O endereço do Tiny não respondeu",
        f"Não conseguimos falar com o Tiny. O problema está fora do seu cadastro. {_ALONE}",
        _ERP,
    ),
    "http.interrupted": Explanation(
        "A resposta do Tiny veio pela metade",
        f"Não conseguimos ler a resposta inteira. A conexão com o Tiny caiu no meio. {_ALONE}",
        _ERP,
    ),
    "http.too_large": Explanation(
        "A resposta do Tiny é grande demais",
        f"Não conseguimos ler a resposta. Ela passa do tamanho que aceitamos por segurança. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.unstable": Explanation(
        "O Tiny está instável",
        f"Não conseguimos ler os dados. O Tiny respondeu com um erro dele. {_ALONE}",
        _ERP,
    ),
    "tiny.unreadable_answer": Explanation(
        "O Tiny está instável",
        f"Não conseguimos entender a resposta. O Tiny mandou uma página no lugar dos dados. {_ALONE}",
        _ERP,
    ),
    "tiny.rate_limited": Explanation(
        "O Tiny limitou as chamadas",
        "Não conseguimos ler agora. O seu plano do Tiny chegou ao limite de chamadas por minuto."
        " Tentamos de novo em {seconds} s, sem precisar de você.",
        _LIMIT,
    ),
    # Access
    "tiny.access_refused": Explanation(
        "O Tiny não reconheceu o acesso",
        "Não conseguimos entrar na sua conta do Tiny. O acesso venceu, foi retirado ou não tem a permissão"
        " Informações da Conta. Clique em Conectar para autorizar de novo.",
        _YOU,
        "connect",
    ),
    "tiny.refresh_refused": Explanation(
        "Não conseguimos renovar o acesso ao Tiny",
        "O Tiny encerrou a autorização: ela foi retirada ou ficou mais de"
        " 24 horas sem renovação. Clique em Conectar; os pedidos continuam de onde pararam.",
        _YOU,
        "connect",
    ),
    "tiny.permission_missing": Explanation(
        "Sua conta do Tiny não libera {module}",
        "Não conseguimos ler {module}. Falta a permissão no aplicativo, ou o seu plano do Tiny não inclui"
        f" este módulo. {_PERMISSION_PATH}",
        _YOU,
        "connect",
    ),
    "tiny.oauth_code_used": Explanation(
        "Esta autorização já foi usada ou venceu",
        "Não conseguimos concluir a conexão. O Tiny aceita cada autorização uma única vez e por pouco tempo."
        " Clique em Conectar para gerar outra.",
        _YOU,
        "connect",
    ),
    "tiny.oauth_client_rejected": Explanation(
        "O Tiny não reconheceu o Client ID ou o Client Secret",
        "Não conseguimos entrar no seu aplicativo do Tiny. O Client ID ou o Client Secret é diferente do"
        " que está lá. Copie os dois de novo em Configurações > Geral > Aplicativos e clique em Conectar.",
        _YOU,
        "edit_credentials",
    ),
    "tiny.oauth_redirect_mismatch": Explanation(
        "A URL de redirecionamento cadastrada no Tiny é diferente",
        "Não conseguimos concluir a conexão. A URL de redirecionamento do seu aplicativo no Tiny não é igual"
        " à nossa, letra por letra. Copie a nossa URL, cole no aplicativo e clique em Conectar.",
        _YOU,
        "edit_credentials",
    ),
    "tiny.oauth_refused": Explanation(
        "A autorização não foi concluída no Tiny",
        "Não conseguimos concluir a conexão. O Tiny recusou com o motivo «{error}». Confira os dados do"
        " aplicativo no Tiny e clique em Conectar.",
        _YOU,
        "connect",
    ),
    "tiny.token_lifetime_missing": Explanation(
        "O Tiny não disse até quando o acesso vale",
        "Não conseguimos saber o prazo do acesso. O Tiny deixou esse dado em branco. Contamos com 4 horas,"
        " o prazo documentado, e renovamos antes disso sem precisar de você.",
        _ERP,
    ),
    "tiny.account_without_document": Explanation(
        "A conta do Tiny está sem CNPJ",
        "Não conseguimos saber de que empresa é esta conta. O CNPJ das Informações da Conta está vazio ou não"
        " confere. Corrija no Tiny, em Configurações > Geral > Dados da empresa, e clique em Conectar.",
        _YOU,
        "connect",
    ),
    # Single records
    "tiny.order_not_found": Explanation(
        "O pedido não existe mais no Tiny",
        "Não conseguimos abrir o pedido no Tiny. Ele foi excluído lá (id {id}). O que já sabíamos dele"
        " continua aqui.",
        _YOU,
        "open_erp",
    ),
    "tiny.invoice_not_found": Explanation(
        "A nota fiscal não existe mais no Tiny",
        "Não conseguimos abrir a nota fiscal no Tiny. Ela foi excluída lá (id {id}). Confira a nota no Tiny.",
        _YOU,
        "open_erp",
    ),
    "tiny.not_found": Explanation(
        "O Tiny não encontrou o que pedimos",
        f"Não conseguimos ler {{path}}. O Tiny respondeu que não existe. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.rejected": Explanation(
        "O Tiny recusou a consulta",
        "Não conseguimos ler os dados. O Tiny recusou o que pedimos e disse: «{reason}»."
        " Confira o cadastro no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.situation_unknown": Explanation(
        "O Tiny não tem esta situação",
        f"Não conseguimos consultar a situação «{{situation}}». Ela não existe no Tiny. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.list_unreadable": Explanation(
        "O Tiny mudou o formato de uma lista",
        f"Não conseguimos ler a lista. O formato não é o que o Tiny documenta. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.row_unreadable": Explanation(
        "Um registro do Tiny veio em formato desconhecido",
        f"Não conseguimos ler um registro. O formato não é o que o Tiny documenta. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.row_without_id": Explanation(
        "Um registro do Tiny veio sem identificador",
        "Não conseguimos guardar o registro «{label}». O Tiny o mandou sem identificador, e sem ele não há"
        f" como acompanhar mudanças. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.amount_unreadable": Explanation(
        "Um valor do Tiny não pôde ser lido",
        "Não conseguimos ler o campo {field}. O Tiny mandou «{value}», que não é um valor. Corrija o registro"
        " no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.text_too_long": Explanation(
        "Um campo do Tiny é longo demais",
        "Não conseguimos guardar o campo {field}. O Tiny mandou um texto muito maior que o normal: «{value}»."
        " Corrija o registro no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.invoice_key_unreadable": Explanation(
        "A chave de acesso da nota fiscal não confere",
        "Não conseguimos usar a chave da nota {number}. O Tiny mandou uma chave cujo dígito não confere."
        " Confira a nota no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
}


def explain(code: str, params: Mapping[str, str]) -> Explanation | None:
    """The sentences for ``code`` with ``params`` filled in, or ``None`` for a code that is not of here."""
    template = EXPLANATIONS.get(code)
    if template is None:
        return None
    values = defaultdict(lambda: "?", {"reason": "sem motivo", **params})
    return Explanation(
        title=template.title.format_map(values),
        detail=template.detail.format_map(values),
        owner=template.owner,
        action=template.action,
    )
