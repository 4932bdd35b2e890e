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
_READ_LATER = (
    "Nada mudou aqui, e o produto ou pedido será lido na próxima consulta ao Tiny. A notificação fica"
    " guardada como veio; depois de uma correção nossa, clique em Reprocessar."
)

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
    "tiny.write_permission_missing": Explanation(
        "Sua conta do Tiny não deixa gravar em {module}",
        "Não conseguimos gravar em {module}. Falta a permissão de escrita no aplicativo. No Tiny, abra"
        " Configurações > Geral > Aplicativos, marque a escrita de {module} no seu aplicativo e depois clique"
        " em Conectar: a permissão só vale a partir de uma nova autorização.",
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
    # Refusals of API v2, in the order of its table
    "tiny.v2_token_missing": Explanation(
        "Falta o Token do Tiny",
        "Não conseguimos entrar na sua conta do Tiny. A consulta foi sem Token. Informe o Token que o"
        " Tiny mostra em Gerenciar e clique em Salvar e testar.",
        _YOU,
        "edit_credentials",
    ),
    "tiny.v2_token_invalid": Explanation(
        "O Tiny não reconheceu o Token",
        "Não conseguimos entrar na sua conta do Tiny. O Token foi trocado ou está incompleto. Copie de novo"
        " em Integrações > Gerenciar, no Tiny, e clique em Salvar e testar. Nada se perde até lá.",
        _YOU,
        "edit_credentials",
    ),
    "tiny.v2_malformed": Explanation(
        "O Tiny não entendeu o que enviamos",
        f"Não conseguimos concluir. O Tiny disse que os dados estão mal formados ({{reason}}). {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.v2_not_processed": Explanation(
        "O Tiny não processou o que enviamos",
        f"Não conseguimos concluir. O Tiny recusou os dados ({{reason}}). {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.v2_no_access": Explanation(
        "Sua conta do Tiny não libera {module}",
        "Não conseguimos ler {module}. A API está bloqueada nesta conta, ou o plano do Tiny não a inclui."
        " Confira o plano e as extensões no Tiny e depois tente de novo.",
        _YOU,
        "open_erp",
    ),
    "tiny.v2_too_many_per_minute": Explanation(
        "O Tiny limitou as chamadas",
        "Não conseguimos ler agora. A sua conta do Tiny chegou ao limite de chamadas por minuto,"
        " somados todos os sistemas que a usam. Tentamos de novo em {seconds} s, sem precisar de você.",
        _LIMIT,
    ),
    "tiny.v2_no_space": Explanation(
        "O espaço da sua conta do Tiny acabou",
        "Não conseguimos concluir. O Tiny diz que o espaço contratado está cheio. Libere espaço ou mude o"
        " plano no Tiny; continuamos tentando sozinhos, e nada se perde.",
        _YOU,
        "open_erp",
    ),
    "tiny.v2_company_blocked": Explanation(
        "Sua empresa está bloqueada no Tiny",
        "Não conseguimos entrar na sua conta do Tiny. O próprio Tiny a bloqueou. Entre no Tiny, veja o motivo"
        " e, depois de liberada, clique em Conectar.",
        _YOU,
        "connect",
    ),
    "tiny.v2_sequence_repeated": Explanation(
        "O Tiny recebeu o mesmo registro duas vezes",
        f"Não conseguimos concluir. O Tiny disse que a sequência se repete. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.v2_parameter_missing": Explanation(
        "O Tiny disse que falta um dado",
        "Não conseguimos concluir. O Tiny respondeu: «{reason}». Complete o cadastro e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.v2_too_many_at_once": Explanation(
        "O Tiny pediu menos chamadas ao mesmo tempo",
        "Não conseguimos ler agora. Há chamadas demais abertas na sua conta do Tiny. Tentamos de novo em"
        " {seconds} s, sem precisar de você.",
        _LIMIT,
    ),
    "tiny.v2_no_records": Explanation(
        "O Tiny não encontrou registros",
        "Não conseguimos ler {module}. A consulta não achou nada. Confira no Tiny se o registro existe.",
        _YOU,
        "open_erp",
    ),
    "tiny.v2_too_many_records": Explanation(
        "A consulta traz registros demais",
        f"Não conseguimos ler {{module}}. O Tiny não responde a consultas tão grandes. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.v2_batch_too_large": Explanation(
        "Enviamos registros demais de uma vez",
        f"Não conseguimos concluir. O Tiny aceita menos registros por lote. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.v2_page_missing": Explanation(
        "A página pedida não existe no Tiny",
        "Não conseguimos ler {module}. A lista ficou menor enquanto era lida. A próxima consulta lê de novo.",
        _ERP,
    ),
    "tiny.v2_duplicate": Explanation(
        "Este registro já existe no Tiny",
        "Não conseguimos concluir. O Tiny respondeu: «{reason}». Confira no Tiny qual dos dois vale.",
        _YOU,
        "open_erp",
    ),
    "tiny.v2_invalid": Explanation(
        "O Tiny recusou os dados",
        "Não conseguimos concluir. O Tiny respondeu: «{reason}». Corrija o cadastro e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.v2_not_found": Explanation(
        "O registro não existe no Tiny",
        "Não conseguimos abrir {module} no Tiny. O registro foi excluído lá. Confira no Tiny.",
        _YOU,
        "open_erp",
    ),
    "tiny.v2_found_twice": Explanation(
        "O Tiny tem dois registros iguais",
        "Não conseguimos saber qual dos dois é o certo. O Tiny respondeu: «{reason}». Deixe só um no Tiny e"
        " tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.v2_invoice_not_authorized": Explanation(
        "A nota fiscal ainda não foi autorizada",
        "Não conseguimos abrir o documento da nota. A SEFAZ ainda não a autorizou. Autorize a nota no Tiny.",
        _YOU,
        "open_erp",
    ),
    "tiny.v2_unexpected": Explanation(
        "O Tiny teve um erro inesperado",
        f"Não conseguimos ler os dados. O próprio Tiny pediu para tentar de novo. {_ALONE}",
        _ERP,
    ),
    "tiny.v2_maintenance": Explanation(
        "O Tiny está em manutenção",
        f"Não conseguimos ler os dados. O Tiny está fora do ar para manutenção. {_ALONE}",
        _ERP,
    ),
    "tiny.v2_unknown_error": Explanation(
        "O Tiny recusou com um código que não conhecemos",
        "Não conseguimos concluir. O Tiny respondeu «{reason}» (código {code}). Tente de novo; se o erro"
        " voltar, fale com a nossa equipe.",
        _US,
        "retry",
    ),
    "tiny.invoices_by_order": Explanation(
        "A API 2.0 não procura notas por pedido",
        f"Não conseguimos procurar a nota deste pedido. A API 2.0 só lista notas por data. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.orders_by_ecommerce_number": Explanation(
        "A API 3.0 não procura pedidos pelo nº e-commerce",
        "Não conseguimos procurar o pedido pelo nº e-commerce. A API 3.0 não guarda esse número em pedidos"
        f" que enviamos. {_UNREADABLE}",
        _US,
        "retry",
    ),
    # Refusals of an order or a customer that we send
    "tiny.order_repeated": Explanation(
        "O Tiny já recebeu um pedido igual a este",
        "Não conseguimos criar o pedido. O Tiny recebeu os mesmos dados há pouco e não disse em qual pedido."
        " Tente de novo: antes de criar, procuramos no Tiny o pedido que já estiver lá.",
        _YOU,
        "retry",
    ),
    "tiny.order_names_missing": Explanation(
        "O Tiny não encontrou algo que o pedido cita",
        "Não conseguimos criar o pedido. O Tiny respondeu: «{reason}». Confira no Tiny o cliente, os produtos"
        " e o vendedor do pedido e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.order_customer_unknown": Explanation(
        "O Tiny não encontrou o cliente do pedido",
        "Não conseguimos criar o pedido. O cliente foi excluído no Tiny depois que o procuramos. Tente de"
        " novo: procuramos o cliente outra vez antes de enviar.",
        _YOU,
        "retry",
    ),
    "tiny.order_product_unknown": Explanation(
        "O Tiny não encontrou o produto {sku}",
        "Não conseguimos criar o pedido. O produto {sku} (item {item}) foi excluído no Tiny, ou é de outra"
        " conta. Vincule o SKU a um produto que existe no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.order_seller_unknown": Explanation(
        "O Tiny não encontrou o vendedor do pedido",
        "Não conseguimos criar o pedido. O vendedor foi excluído no Tiny ou está inativo. Escolha outro"
        " vendedor e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.shipping_method_disabled": Explanation(
        "A forma de envio não está habilitada no Tiny",
        "Não conseguimos gravar no pedido. O Tiny recusa tudo quando a forma de envio do pedido está"
        " desabilitada. Habilite a forma de envio no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.payment_method_unknown": Explanation(
        "O Tiny não encontrou o meio de pagamento",
        "Não conseguimos gravar as parcelas do pedido. O meio ou a forma de recebimento não existe na sua"
        " conta do Tiny. Cadastre no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.installment_method_differs": Explanation(
        "As parcelas têm forma de recebimento diferente da do pedido",
        "Não conseguimos gravar as parcelas do pedido. O Tiny exige a mesma forma de recebimento em todas."
        " Corrija as parcelas do pedido e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.installments_refused": Explanation(
        "O Tiny recusou as parcelas do pedido",
        "Não conseguimos gravar as parcelas do pedido. O Tiny respondeu: «{reason}». Corrija as parcelas e"
        " tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.stock_launched": Explanation(
        "O estoque do pedido já foi lançado no Tiny",
        "Não conseguimos mudar o pedido. O Tiny não deixa mudar um pedido com estoque lançado. Estorne o"
        " estoque do pedido no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.stock_insufficient": Explanation(
        "Falta estoque no Tiny para este pedido",
        "Não conseguimos gravar o pedido. O saldo de um ou mais produtos no Tiny é menor que o pedido. Acerte"
        " o estoque no Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.order_locked": Explanation(
        "O Tiny não deixa mudar este pedido",
        "Não conseguimos mudar o pedido. O Tiny respondeu: «{reason}». Resolva o bloqueio no Tiny e tente de"
        " novo.",
        _YOU,
        "retry",
    ),
    "tiny.situation_unwritable": Explanation(
        "Esta forma de conexão não grava a situação {situation}",
        "Não conseguimos mudar a situação do pedido. A API 2.0 não tem a situação «{situation}». Mude a"
        " situação no próprio Tiny.",
        _YOU,
        "open_erp",
    ),
    "tiny.situation_refused": Explanation(
        "O Tiny recusou a situação do pedido",
        "Não conseguimos mudar a situação do pedido. O Tiny respondeu: «{reason}». Mude a situação no próprio"
        " Tiny, ou tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.customer_document_refused": Explanation(
        "O Tiny recusou o CPF ou CNPJ do cliente",
        "Não conseguimos gravar o cliente. O Tiny respondeu: «{reason}». Corrija o documento do cliente e"
        " tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.write_too_long": Explanation(
        "O campo {field} é longo demais para o Tiny",
        "Não conseguimos gravar no Tiny. O campo {field} passa de {longest} caracteres, e cortado perderia o"
        " sentido. Encurte o texto e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.field_missing": Explanation(
        "Falta um dado que o Tiny exige",
        "Não conseguimos gravar no Tiny. O Tiny respondeu: «{reason}». Complete o cadastro e tente de novo.",
        _YOU,
        "retry",
    ),
    # Single records
    "tiny.customer_not_found": Explanation(
        "O cliente não existe mais no Tiny",
        "Não conseguimos abrir o cliente no Tiny. Ele foi excluído lá (id {id}). O que já sabíamos dele"
        " continua aqui.",
        _YOU,
        "open_erp",
    ),
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
    "tiny.product_not_found": Explanation(
        "O produto não existe mais no Tiny",
        "Não conseguimos abrir o produto no Tiny. Ele foi excluído lá (id {id}). O que já sabíamos dele"
        " continua aqui.",
        _YOU,
        "open_erp",
    ),
    "tiny.price_list_not_found": Explanation(
        "A lista de preços não existe mais no Tiny",
        "Não conseguimos ler os preços da lista escolhida. Ela foi excluída no Tiny (id {id}). Os preços que"
        " já recebemos continuam aqui. Escolha outra lista nos critérios de produtos e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.product_state_unreadable": Explanation(
        "Um produto do Tiny veio com uma situação desconhecida",
        "Não conseguimos saber se o produto está ativo. O Tiny mandou a situação «{value}», que não"
        f" conhecemos. {_UNREADABLE}",
        _US,
        "retry",
    ),
    "tiny.product_state_unwritable": Explanation(
        "O Tiny não deixa mudar a situação do produto por aqui",
        "Não conseguimos mudar a situação do produto {sku}. Esta forma de conexão não tem essa operação."
        " Ative, desative ou exclua o produto no próprio Tiny e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.category_unknown": Explanation(
        "O Tiny não tem esta categoria",
        "Não conseguimos gravar a categoria «{category}». Ela não existe na árvore de categorias do Tiny, e"
        " não criamos categorias lá. Crie a categoria no Tiny ou escolha outra aqui e tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.products_by_change": Explanation(
        "A API 2.0 não lista produtos pela data de alteração",
        f"Não conseguimos listar só os produtos alterados. A API 2.0 não tem esse filtro. {_UNREADABLE}",
        _US,
        "retry",
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
    "tiny.write_rejected": Explanation(
        "O Tiny recusou o que enviamos",
        "Não conseguimos gravar no Tiny. O Tiny recusou os dados e disse: «{reason}». Corrija o cadastro e"
        " tente de novo.",
        _YOU,
        "retry",
    ),
    "tiny.situation_unknown": Explanation(
        "O Tiny não tem esta situação",
        f"Não conseguimos usar a situação «{{situation}}». Ela não existe no Tiny. {_UNREADABLE}",
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
    # Notifications
    "tiny.notification_unreadable": Explanation(
        "Uma notificação do Tiny não pôde ser lida",
        f"Não conseguimos ler a notificação. O formato não é o que o Tiny documenta. {_READ_LATER}",
        _US,
        "retry",
    ),
    "tiny.notification_type_unknown": Explanation(
        "O Tiny mandou uma notificação de tipo desconhecido",
        f"Não conseguimos usar a notificação. Não conhecemos o tipo «{{type_name}}». {_READ_LATER}",
        _US,
        "retry",
    ),
    "tiny.notification_value_invalid": Explanation(
        "Uma notificação do Tiny traz um valor que não dá para usar",
        "Não conseguimos usar a notificação. O campo {field} veio repetido ou com algo que só daria para"
        f" entender adivinhando, e isso não fazemos. {_READ_LATER}",
        _US,
        "retry",
    ),
    "tiny.notification_without_subject": Explanation(
        "Uma notificação do Tiny não diz do que trata",
        "Não conseguimos usar a notificação. Ela não traz o identificador de nenhum produto, pedido ou nota."
        f" {_READ_LATER}",
        _US,
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
