"""What the panel says about connections: one place for each sentence."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.records import Explanation
from history.timeline import Sentence

HISTORY: Mapping[str, Sentence] = {
    "integration.created": Sentence("Integração criada", icon="plug"),
    "integration.saved": Sentence("Configuração alterada", icon="gear"),
    "integration.connected": Sentence(
        "Conectado à conta {account}",
        "A leitura dos pedidos começou sozinha.",
        icon="check",
        tone="ok",
    ),
    "integration.disconnected": Sentence(
        "Desconectado",
        "{reason}. Nada foi perdido: o trabalho continua quando você conectar de novo.",
        icon="alert",
        tone="err",
    ),
    "integration.authorization_refused": Sentence(
        "A autorização não foi concluída", "{reason}.", icon="alert", tone="warn"
    ),
    "orders.row_unreadable": Sentence(
        "Um pedido veio do Tiny com dados que não entendemos",
        "Identificador no Tiny: {external_id}. O resto foi lido; tentamos de novo na próxima consulta.",
        icon="alert",
        tone="warn",
        how="consulta periódica",
    ),
    "orders.first_read": Sentence(
        "Primeira leitura concluída",
        "{seen} pedidos lidos desde {since}; {created} importados, {skipped} fora das situações escolhidas.",
        icon="refresh",
        tone="ok",
        how="consulta periódica",
    ),
    "orders.import_done": Sentence(
        "Importação inicial concluída",
        "{seen} pedidos lidos desde {since}; {created} importados, {skipped} fora das situações escolhidas.",
        icon="refresh",
        tone="ok",
    ),
    "webhook.address_renewed": Sentence(
        "URL de notificações renovada", "A anterior ainda vale por {hours} horas.", icon="link"
    ),
    "webhooks.replay_started": Sentence("{count} notificações a processar de novo", icon="refresh"),
    "orders.status_map_saved": Sentence("Mapeamento de status salvo", "Versão {number}.", icon="swap"),
    "orders.status_map_undone": Sentence(
        "Mapeamento de status desfeito", "A versão {number} é outra vez a de antes.", icon="swap"
    ),
    "orders.status_map_applied": Sentence(
        "Mapeamento de status aplicado aos pedidos em aberto", "Pedidos conferidos: {count}.", icon="swap"
    ),
    "orders.list_repeats": Sentence(
        "A lista de pedidos do Tiny se repetiu",
        "Paramos a leitura para não girar em falso. A próxima consulta tenta de novo, sem precisar de você.",
        icon="alert",
        tone="warn",
        how="consulta periódica",
    ),
    "products.import_done": Sentence(
        "Importação de produtos concluída",
        "{seen} produtos lidos; {created} novos, {skipped} fora dos critérios.",
        icon="box",
        tone="ok",
    ),
    "webhook.silence_noticed": Sentence(
        "O Tiny parou de avisar {since}",
        "As consultas acharam {count} mudanças ({kinds}) que ele não avisou. Passamos a consultar mais vezes."
        " Confira a URL na aba Notificações e cole-a de novo no Tiny.",
        icon="alert",
        tone="warn",
        how="consulta periódica",
    ),
    "webhook.kind_muted": Sentence(
        "Notificações de {kind}: usar só consulta periódica",
        "Ninguém mais espera por elas; as mudanças vêm pelas consultas. Uma que chegar ainda é processada.",
        icon="pause",
    ),
    "webhook.kind_unmuted": Sentence(
        "Notificações de {kind}: usar de novo",
        "Se o Tiny parar de avisar, voltamos a dizer.",
        icon="refresh",
    ),
    "webhook.silence_ended": Sentence(
        "O Tiny voltou a avisar ({kinds})",
        "As consultas voltam ao intervalo normal, e o que pode ter faltado é reconferido sozinho.",
        icon="check",
        tone="ok",
    ),
    "products.reconcile_asked": Sentence("Reconferência de estoque e preços pedida", icon="refresh"),
    "products.reconciled": Sentence(
        "Estoque e preços reconferidos",
        "Produtos conferidos: {checked}. Diferentes e já corrigidos: {moved}.",
        icon="refresh",
        tone="ok",
    ),
    "products.reconciled_alike": Sentence(
        "Estoque e preços reconferidos",
        "Produtos conferidos: {checked}. Todos já estavam como no Tiny.",
        icon="refresh",
        tone="ok",
    ),
    "products.criteria_saved": Sentence(
        "Critérios de produtos alterados", "Valem para as próximas atualizações.", icon="gear"
    ),
    "products.many_zeroed_held": Sentence(
        "Disjuntor: zeragens retidas",
        "De {asked} SKUs com estoque que o Tiny informou em uma hora, {zeroed} vieram zerados. O estoque "
        "daqui ficou como estava até alguém decidir, ou o Tiny dizer outros números.",
        icon="pause",
        tone="warn",
        how="leitura dos produtos",
    ),
    "products.reserved_lost_held": Sentence(
        "Disjuntor: aumentos de estoque retidos",
        "De {reserved} SKUs com reserva, {released} ficaram sem nenhuma em uma hora, e ofereceriam mais. O "
        "estoque daqui ficou como estava até alguém decidir, ou o Tiny dizer outros números.",
        icon="pause",
        tone="warn",
        how="leitura dos produtos",
    ),
    "products.doubtful_held": Sentence(
        "Disjuntor: mudança retida depois de uma falha",
        "O que está aqui ficou como estava. Lemos de novo sozinhos.",
        icon="pause",
        tone="warn",
        how="leitura dos produtos",
    ),
    "products.price_list_empty": Sentence(
        "A lista de preços veio vazia do Tiny",
        "Os preços ficaram como estavam; ela tinha {count} produtos. Se não quer mais essa lista, escolha "
        "outra nos critérios de produtos.",
        icon="alert",
        tone="warn",
        how="leitura dos preços",
    ),
    "products.price_held": Sentence(
        "Disjuntor: mudança de preço retida",
        "O preço daqui ficou como estava até alguém decidir.",
        icon="pause",
        tone="warn",
        how="leitura dos produtos",
    ),
    "products.held_accepted": Sentence(
        "Mudanças retidas aceitas: {count}", "Estoque e preço seguem o Tiny.", icon="check", tone="ok"
    ),
    "products.held_refused": Sentence(
        "Mudanças retidas recusadas: {count}",
        "Estoque e preço ficaram como estavam, até o Tiny dizer outros valores.",
        icon="x",
    ),
    "customers.criteria_saved": Sentence(
        "Critérios de clientes alterados", "Valem para os próximos envios.", icon="gear"
    ),
    "products.row_unreadable": Sentence(
        "Um produto veio do Tiny com dados que não entendemos",
        "Identificador no Tiny: {external_id}. O resto foi lido; ele está na lista de produtos com problema.",
        icon="alert",
        tone="warn",
        how="leitura dos produtos",
    ),
    "orders.invoice_unmatched": Sentence(
        "Nota fiscal {number} sem pedido aqui",
        "Ela é de uma venda que não foi importada.",
        icon="doc",
        how="consulta periódica",
    ),
}

FAILURES: Mapping[str, Explanation] = {
    "integration.state_invalid": Explanation(
        "Este link de autorização já foi usado ou venceu",
        "Nada mudou na sua integração. Clique em Conectar para gerar outro.",
        owner="you",
        action="connect",
    ),
    "integration.state_of_other_person": Explanation(
        "Esta autorização foi iniciada por outra pessoa",
        "Por segurança, só quem clicou em Conectar pode concluir. Clique em Conectar com o seu usuário.",
        owner="you",
        action="connect",
    ),
    "integration.authorization_denied": Explanation(
        "A autorização foi cancelada no Tiny",
        "Nada mudou na sua integração. Quando quiser autorizar, clique em Conectar.",
        owner="you",
        action="connect",
    ),
    "integration.authorization_failed": Explanation(
        "A autorização não foi concluída no Tiny",
        "O Tiny voltou sem o código de autorização. Clique em Conectar para tentar de novo.",
        owner="you",
        action="connect",
    ),
    "integration.other_account": Explanation(
        "Você autorizou outra conta do Tiny",
        "Esta integração é da conta {former}, e a autorização veio da conta {name}. "
        "Entre no Tiny com a conta certa e clique em Conectar, ou crie outra integração para esta conta.",
        owner="you",
        action="connect",
    ),
    "integration.account_taken": Explanation(
        "Esta conta do Tiny já está conectada",
        "A integração {name} já usa a mesma conta. Use aquela, ou conecte aqui outra conta do Tiny.",
        owner="you",
        action="connect",
    ),
    "integration.account_permission_missing": Explanation(
        "Falta a permissão Informações da Conta",
        "No Tiny, abra o aplicativo, marque Informações da Conta: leitura, e clique em Conectar de novo. "
        "Sem ela não sabemos de qual empresa é o acesso, e nada é lido.",
        owner="you",
        action="connect",
    ),
    "integration.account_without_document": Explanation(
        "A conta do Tiny está sem CNPJ",
        "Preencha o CNPJ nos dados da empresa no Tiny e clique em Conectar de novo.",
        owner="you",
        action="connect",
    ),
    "integration.never_authorized": Explanation(
        "Esta integração ainda não foi autorizada no Tiny",
        "Clique em Conectar e confirme as permissões no Tiny.",
        owner="you",
        action="connect",
    ),
    "integration.waiting_connection": Explanation(
        "A integração está desconectada",
        "Nada foi perdido: buscamos o que falta assim que você conectar de novo.",
        owner="you",
        action="connect",
    ),
    "orders.details_unstorable": Explanation(
        "O pedido tem um valor que não conseguimos guardar",
        "Não conseguimos guardar os itens deste pedido. Um valor, uma quantidade ou um texto do Tiny está"
        " fora do normal. Corrija o pedido no Tiny e tente de novo; o resto dele continua sendo acompanhado.",
        owner="you",
        action="retry",
    ),
    "integration.renewal_lost": Explanation(
        "Uma renovação do acesso ao Tiny foi interrompida no meio",
        "O Tiny já tinha trocado o acesso e a resposta não chegou até nós. "
        "Clique em Conectar uma vez e tudo continua.",
        owner="us",
        action="connect",
    ),
    "integration.renewal_overdue": Explanation(
        "Não conseguimos renovar o acesso ao Tiny há mais de 12 horas",
        "Tentamos de novo sozinhos. Se o Tiny não responder até {until}, será preciso conectar de novo; "
        "você pode fazer isso agora.",
        owner="erp",
        action="connect",
    ),
    "integration.other_application": Explanation(
        "O Client ID mudou",
        "O acesso anterior é do aplicativo antigo. Clique em Conectar para autorizar o novo.",
        owner="you",
        action="connect",
    ),
    "integration.other_token": Explanation(
        "O Token mudou",
        "Antes de usar o novo, conferimos se ele é da mesma conta. Clique em Conectar; nada se perde até lá.",
        owner="you",
        action="connect",
    ),
    "integration.changed_meanwhile": Explanation(
        "Os dados de acesso mudaram durante a conferência",
        "Alguém salvou outros dados enquanto conferíamos estes. Clique em Conectar para conferir os novos.",
        owner="you",
        action="connect",
    ),
    "integration.other_protocol": Explanation(
        "A forma de conexão mudou",
        "Clique em Conectar: conferimos se a conta é a mesma, e os pedidos que já estão aqui continuam.",
        owner="you",
        action="connect",
    ),
    "integration.references_differ": Explanation(
        "Esta conexão mostra outros pedidos",
        "O pedido {number}, que já está aqui, não é o mesmo na nova forma de conexão. Paramos para não"
        " misturar contas. Volte à forma anterior e clique em Conectar, ou fale com a nossa equipe.",
        owner="you",
        action="edit_credentials",
    ),
    "integration.author_inactive": Explanation(
        "O usuário da integração está inativo",
        "{name} foi desativado em Usuários. Reative-o lá, ou escolha outro usuário aqui e salve; depois"
        " clique em Conectar. Nada foi perdido.",
        owner="you",
        action="edit_credentials",
    ),
    "products.unstorable": Explanation(
        "O produto tem no Tiny um valor que não cabe aqui",
        "Nada dele mudou aqui. Confira no Tiny estoque, preços e medidas do produto; depois clique em Tentar"
        " de novo.",
        owner="you",
        action="retry",
    ),
    "catalog.price_list_gone": Explanation(
        "A lista de preços escolhida não existe mais no Tiny",
        "Os preços ficam como estavam, e os produtos continuam chegando. Escolha outra lista nos critérios de"
        " produtos da integração, ou o preço do próprio produto; depois clique em Tentar de novo.",
        owner="you",
        action="retry",
    ),
    "catalog.other_product": Explanation(
        "O Tiny respondeu sobre outro produto",
        "A resposta não era do produto que pedimos, e nada dele mudou aqui. Lemos de novo sozinhos; se "
        "precisar já, clique em Tentar de novo.",
        owner="erp",
        action="retry",
    ),
    "catalog.sku_unknown": Explanation(
        "O SKU {sku} não existe no Tiny",
        "Nenhum produto do Tiny está vinculado a este SKU. Faça o de-para em Produtos, ou cadastre o produto"
        " no Tiny: o que espera por ele continua sozinho.",
        owner="you",
        action="retry",
    ),
    "orders.seller_unknown": Explanation(
        "O Tiny não tem o vendedor {seller}",
        "Vendedores ativos lá: {names}. Cadastre o vendedor no Tiny com o mesmo nome ou código e clique em"
        " Tentar de novo, ou, na integração, deixe os pedidos irem sem vendedor: eles continuam sozinhos.",
        owner="you",
        action="retry",
    ),
    "orders.gone_at_erp": Explanation(
        "O Tiny criou o pedido e já não o tem",
        "Ele foi excluído lá antes de o conferirmos. Se o pedido deve existir no Tiny, clique em Tentar de"
        " novo: ele é procurado e, se não estiver lá, enviado outra vez.",
        owner="you",
        action="retry",
    ),
    "orders.buyer_missing": Explanation(
        "O pedido não tem comprador",
        "O Tiny só recebe pedidos com cliente. Fale com quem enviou o pedido.",
        owner="you",
        action="retry",
    ),
    "catalog.sku_linked_otherwise": Explanation(
        "O SKU {sku} do Tiny está vinculado de outra forma",
        "No Tiny há um produto com este SKU, e o de-para diz que ele não é este daqui, ou que foi"
        " desvinculado. Nada foi enviado. Vincule os dois em De-para de produtos, ou mude o SKU; depois"
        " clique em Tentar de novo.",
        owner="you",
        action="retry",
    ),
    "catalog.product_deleted_at_erp": Explanation(
        "O produto {sku} foi excluído no Tiny",
        "A mudança feita aqui não foi enviada. Recupere o produto no Tiny e clique em Tentar de novo, ou"
        " deixe como está: nada mais espera por ele.",
        owner="you",
        action="retry",
    ),
    "catalog.sku_repeated_at_erp": Explanation(
        "O SKU {sku} está em mais de um produto do Tiny",
        "Não adivinhamos qual deles alterar, e nada foi enviado. Deixe o SKU em um só produto no Tiny, ou"
        " vincule o certo em De-para de produtos; depois clique em Tentar de novo.",
        owner="you",
        action="retry",
    ),
    "customers.unknown_at_erp": Explanation(
        "O cliente não existe no Tiny",
        "Com a opção Apenas atualizar, não incluímos clientes novos no Tiny, e nada foi enviado. Inclua o"
        " cliente lá e clique em Tentar de novo, ou abra o cliente ou o pedido e escolha Enviar assim mesmo."
        " Sem essa opção, todos os que esperam continuam sozinhos.",
        owner="you",
        action="retry",
    ),
    "customers.repeated_at_erp": Explanation(
        "O cliente está repetido no Tiny",
        "{count} cadastros de lá têm o mesmo CPF, CNPJ ou código, e não adivinhamos qual vale. Nada foi"
        " enviado. Deixe um só no Tiny e clique em Tentar de novo.",
        owner="you",
        action="retry",
    ),
    "customers.gone_at_erp": Explanation(
        "O cliente foi excluído no Tiny",
        "Ele será procurado de novo pelo CPF ou CNPJ daqui a pouco. Não é preciso fazer nada.",
        owner="us",
    ),
}
