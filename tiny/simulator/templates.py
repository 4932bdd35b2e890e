"""HTML of the pages, filled by ``html.html``, which escapes every value."""

HOME = """
<div class="head"><h1>Contas</h1>
<p class="lead">Cada conta imita uma empresa no ERP da Olist. Registre nela o aplicativo da plataforma,
conecte e acompanhe os pedidos e as chamadas.</p></div>
<div class="cards">{cards}</div>
"""

HOME_CARD = """
<article class="card">
  <h2><a href="/contas/{id}/pedidos">{name}</a> {live}</h2>
  <p class="sub"><span class="mono">{cnpj}</span> · {place}</p>
  <ul class="stats">
    <li><strong>{total}</strong> pedidos</li>
    <li><strong>{open}</strong> em andamento</li>
    <li><strong>{apps}</strong> {apps_label}</li>
  </ul>
  <p class="sub">{limit}</p>
  <p class="actions"><a class="button primary" href="/contas/{id}/aplicativos">Aplicativos</a>
  <a class="button" href="/contas/{id}/pedidos">Ver pedidos</a></p>
</article>
"""

ACCOUNT = """
<div class="head"><p class="crumbs"><a href="/">Contas</a></p><h1>{name}</h1>
<p class="sub mono">{cnpj}</p></div>
<nav class="tabs" aria-label="Conta">{tabs}</nav>
{content}
"""

APPS = """
<div class="columns">
<section class="card">
  <h2>Novo aplicativo</h2>
  <p class="sub">Copie a URL de redirecionamento da plataforma exatamente como ela aparece lá.</p>
  {error}
  <form method="post" action="/contas/{id}/aplicativos" class="form">
    <label>Nome<input name="nome" value="{name}" maxlength="120" required autocomplete="off"></label>
    <label>URL de redirecionamento<input name="redirect_uri" value="{redirect_uri}" type="url" required
      autocomplete="off" placeholder="http://127.0.0.1:8000/integracoes/tiny/oauth/retorno/"></label>
    <p class="actions"><button class="button primary">Registrar aplicativo</button></p>
  </form>
</section>
<div class="stack">{cards}</div>
</div>
"""

APP_CARD = """
<article class="card">
  <h2>{name} {new}</h2>
  <dl class="facts wide">
    <div><dt>Client ID</dt><dd class="mono">{client_id}</dd></div>
    <div><dt>Client Secret</dt><dd class="mono">{client_secret}</dd></div>
    <div><dt>URL de redirecionamento</dt><dd class="mono">{redirect_uri}</dd></div>
    <div><dt>Link de convite</dt><dd class="mono"><a href="{invite_url}">{invite_url}</a></dd></div>
    <div><dt>Registrado em</dt><dd>{created}</dd></div>
  </dl>
</article>
"""

INTEGRATIONS = """
<div class="columns">
<div class="stack">
<section class="card">
  <h2>Adicionar integração</h2>
  <p class="sub">Uma integração dá o Identificador e o Token que a plataforma pede.</p>
  {error}
  <form method="post" action="{base}" class="form">
    <label>Nome<input name="nome" maxlength="120" required autocomplete="off"></label>
    <p class="actions"><button class="button primary">Adicionar integração</button></p>
  </form>
</section>
<section class="card">
  <h2>Token API da conta</h2>
  <p class="sub">Um só para a conta inteira; abre a mesma API v2.</p>
  {token}
</section>
</div>
<div class="stack">{cards}</div>
</div>
"""

INTEGRATION_CARD = """
<article class="card line">
  <div><h2>{name}</h2><p class="sub">Identificador <span class="mono">{ecommerce}</span> {token}</p></div>
  <a class="button" href="{href}">Gerenciar<span class="vh"> {name}</span></a>
</article>
"""

INTEGRATION = """
<p class="crumbs"><a href="{back}">Integrações</a></p>
<div class="order-head"><h2>{name}</h2></div>
<nav class="tabs" aria-label="Integração">{tabs}</nav>
{content}
"""

CONNECTION = """
<section class="card readable">
  <h2>Credenciais de acesso</h2>
  <p class="sub">Copie os dois para a plataforma.</p>
  <dl class="facts"><div><dt>Identificador do integrador</dt><dd class="mono">{ecommerce}</dd></div></dl>
  {token}
</section>
"""

CREDENTIAL = """
<dl class="facts"><div><dt>Token</dt><dd>{token}</dd></div></dl>
<form method="post" action="{action}" class="actions">
  <button class="button" name="decisao" value="gerar">{renew}</button>{revoke}
</form>
"""

REVOKE = """<button class="button" name="decisao" value="revogar">Revogar</button>"""

NOTICES = """
<div class="stack">
<section class="card readable">
  <h2>Notificações</h2>
  <p class="sub">Ao salvar, cada endereço recebe um POST vazio, como o Tiny faz para conferir.</p>
  <form method="post" action="{action}" class="form">{fields}
    <p class="actions"><button class="button primary">Salvar</button></p>
  </form>
</section>
<section class="card readable">
  <h2>Regras de estoque e preço</h2>
  <form method="post" action="{rules_action}" class="form">
    <label>Estoque enviado<select name="estoque">{stock_kinds}</select></label>
    <label>De que produtos<select name="produtos">{mapped}</select></label>
    <p class="actions"><button class="button primary">Salvar regras</button></p>
  </form>
</section>
{sent}
</div>
"""

WEBHOOKS = """
<div class="stack">
<section class="card readable">
  <h2>Webhooks da conta</h2>
  <p class="sub">Um endereço de cada tipo para a conta inteira. Antes de salvar, o Tiny visita cada um.</p>
  {error}
  <form method="post" action="{action}" class="form">{fields}
    <p class="actions"><button class="button primary">Salvar</button></p>
  </form>
</section>
{sent}
</div>
"""

SENT = """
<section class="card flush">
<table class="rows sent">
<thead><tr><th>Quando</th><th>Notificação</th><th>Estado</th><th>Resposta</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
"""

SENT_ROW = """
<tr><td class="num">{at}</td>
<td><details><summary>{tipo} {copy}</summary><p class="mono">{body}</p></details></td>
<td>{state}<span class="sub">{next}</span></td>
<td>{tries} {answer}<span class="sub mono">{text}</span></td></tr>
"""

MAPPINGS = """
<section class="card flush">
<table class="rows mappings">
<thead><tr><th>Produto</th><th>Mapeamento</th><th>SKU na plataforma</th><th>Estado</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
"""

MAPPING_ROW = """
<tr><td><a class="strong" href="{href}">{name}</a><span class="sub mono">{sku}</span></td>
<td class="num">{id}</td><td class="mono">{mapped}</td><td>{state}</td></tr>
"""

URL_FIELD = """
<label><span class="between">{label} {answer}</span><input name="{kind}" value="{url}" type="url"
  maxlength="500" class="mono" autocomplete="off"></label>
"""

INVITATION = """
<section class="card narrow"><p class="eyebrow">Convite simulado</p>
<h1>Instalar {app}</h1>
<p class="lead">A conta {company} foi convidada a instalar este aplicativo. No simulador o convite só existe
para ser aberto: para conectar, volte à plataforma e use o botão Conectar.</p></section>
"""

ORDERS = """
<form class="filters" method="get" action="/contas/{id}/pedidos">
  <label>Número<input name="numero" value="{number}" placeholder="do pedido ou do canal"></label>
  <label>Situação<select name="situacao"><option value="">Todas</option>{options}</select></label>
  <button class="button">Filtrar</button>
</form>
<section class="card flush">
<table class="rows orders">
<thead><tr><th>Pedido</th><th>Cliente</th><th>Situação</th><th>Envio</th>
<th class="right">Valor</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
{paging}
"""

ORDER_ROW = """
<tr>
<td><a class="strong" href="/contas/{account}/pedidos/{id}">{number}</a>
  <span class="sub">{day} · {channel}</span><span class="sub mono">{ecommerce}</span></td>
<td>{customer}</td>
<td>{situacao} {nota}</td>
<td>{freight}<span class="sub mono">{tracking}</span></td>
<td class="right num">{value}</td>
</tr>
"""

ORDER = """
<div class="order-head"><h2>Pedido {number}</h2>{chip}</div>
<div class="columns wide-left">
<div class="stack">
  <section class="card"><dl class="facts grid">{summary}</dl></section>
  <section class="card"><h2>Itens</h2>
    <table class="plain"><thead><tr><th>Produto</th><th class="right">Qtd.</th><th class="right">Unitário</th>
    <th class="right">Total</th></tr></thead><tbody>{items}</tbody></table>
    <dl class="facts totals">{totals}</dl>
  </section>
  <section class="card"><h2>Cliente</h2><dl class="facts">{customer}</dl></section>
</div>
<div class="stack">
  <section class="card"><h2>Situação</h2>
    <form method="post" action="{situacao_action}" class="form inline">
      <label><span class="vh">Nova situação</span><select name="situacao">{options}</select></label>
      <button class="button primary">Mudar</button>
    </form>
  </section>
  <section class="card"><h2>Nota fiscal</h2>{nota}</section>
  <section class="card"><h2>Envio e rastreio</h2>
    <p>{freight}</p><p class="sub">{carrier}</p>
    <form method="post" action="{tracking_action}" class="form">
      <label>Forma de envio<select name="forma">{formas}</select></label>
      <label>Transportador<input name="transportador" value="{carrier}" maxlength="60"></label>
      <label>Código de rastreamento<input name="codigo" value="{code}" maxlength="100" class="mono"></label>
      <label>URL de rastreamento<input name="url" value="{url}" maxlength="500" class="mono"></label>
      <p class="actions"><button class="button primary" name="decisao" value="salvar">Salvar</button>
      <button class="button" name="decisao" value="inventar">Gerar código</button>
      <button class="button" name="decisao" value="despachar">Marcar como Enviado</button></p>
    </form>
  </section>
</div>
</div>
"""

NOTA_MISSING = """
<p class="sub">Ainda sem nota fiscal.</p>
<form method="post" action="{action}"><button class="button primary">Emitir nota fiscal</button></form>
"""

ITEM_ROW = """
<tr><td>{name}<span class="sub mono">{sku}</span></td><td class="right num">{quantity}</td>
<td class="right num">{unit}</td><td class="right num">{total}</td></tr>
"""

PRODUCTS = """
<form class="filters" method="get" action="{base}">
  <label>Buscar<input name="busca" value="{wanted}" placeholder="SKU ou nome"></label>
  <label>Situação<select name="situacao"><option value="">Todas</option>{options}</select></label>
  <button class="button">Filtrar</button>
</form>
<section class="card flush">
<table class="rows products">
<thead><tr><th>Produto</th><th>Tipo</th><th>Situação</th><th class="right">Estoque</th>
<th class="right">Preço</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
{paging}
"""

PRODUCT_ROW = """
<tr>
<td><a class="strong" href="{base}/{id}">{name}</a><span class="sub mono">{sku}</span></td>
<td>{kind}</td>
<td>{situacao}</td>
<td class="right num">{stock}</td>
<td class="right num">{price}<span class="sub">{promotional}</span></td>
</tr>
"""

PRODUCT = """
<p class="crumbs"><a href="{back}">Produtos</a></p>
<div class="order-head"><h2>{name}</h2>{chip}</div>
<div class="columns wide-left">
<div class="stack">
  <section class="card"><h2>Dados</h2>{error}
    <form method="post" action="{action}" class="form">
      <label>Nome<input name="descricao" value="{name}" maxlength="120" required autocomplete="off"></label>
      <label>Marca<input name="marca" value="{marca}" maxlength="120" autocomplete="off"></label>
      <label>Preço<input name="preco" value="{preco}" inputmode="decimal" required autocomplete="off"></label>
      <label>Preço promocional<input name="precoPromocional" value="{promocional}" inputmode="decimal"
        autocomplete="off"></label>
      <label>Situação<select name="situacao">{situacoes}</select></label>
      <p class="actions"><button class="button primary">Salvar dados</button></p>
    </form>
  </section>
</div>
<div class="stack">
  <section class="card"><h2>Estoque</h2>{stock}</section>
  <section class="card"><h2>Resumo</h2><dl class="facts">{facts}</dl></section>
  {mappings}
</div>
</div>
"""

PRODUCT_MAPPINGS = """
<section class="card"><h2>Mapeamentos</h2>{rows}
  <form method="post" action="{action}" class="actions">
    <button class="button">Enviar às integrações</button>
  </form>
</section>
"""

STOCK_FORM = """
{error}<form method="post" action="{action}" class="form">{fields}
  <p class="actions"><button class="button primary">Salvar estoque</button></p>
</form>
"""

STOCK_FIELD = """
<label>Saldo em {nome}<input name="{id}" value="{saldo}" inputmode="decimal" autocomplete="off"></label>
"""

CALLS = """
<ul class="counters">{counters}</ul>
<section class="card flush">
<table class="rows calls">
<thead><tr><th>Quando</th><th>Chamada</th><th>Resposta</th><th class="right">Tempo</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
{paging}
"""

CALL_ROW = """
<tr><td class="num">{at}</td><td class="mono path"><strong>{method}</strong> {path}</td><td>{status}</td>
<td class="right num">{ms}</td></tr>
"""

GRANTS = """
<section class="card flush">
<table class="rows">
<thead><tr><th>Aplicativo</th><th>Pedido</th><th>Resultado</th><th class="right">Vezes</th>
<th>Último</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
"""

GRANT_ROW = """
<tr><td>{app}</td><td class="mono">{grant}</td><td>{outcome}</td><td class="right num">{total}</td>
<td class="num">{last}</td></tr>
"""

SWITCHES = """
<div class="columns">
<div class="stack">
<section class="card">
  <h2>Ligar uma falha</h2>
  <form method="post" action="{base}" class="form">
    <label>Rota<select name="rota">{routes}</select></label>
    <label>O que acontece<select name="falha">{kinds}</select></label>
    <label>Quantas vezes<input name="vezes" value="1" inputmode="numeric" pattern="[0-9]*"
      placeholder="em branco: até desligar"></label>
    <label>Depois de quantas chamadas<input name="depois" value="0" inputmode="numeric"
      pattern="[0-9]*"></label>
    <p class="actions"><button class="button primary">Ligar falha</button></p>
  </form>
</section>
<section class="card">
  <h2>Limites desta conta</h2>
  <p class="sub">Zero é sem limite; uma conta sem limite responde sem cabeçalhos.</p>
  <form method="post" action="{base}/limites" class="form">
    <label>Leituras por minuto<input name="read_limit" value="{read_limit}" inputmode="numeric"></label>
    <label>Escritas por minuto<input name="write_limit" value="{write_limit}" inputmode="numeric"></label>
    <label>Chamadas por segundo<input name="burst_limit" value="{burst_limit}" inputmode="numeric"></label>
    <label>Chamadas da API v2 por minuto<input name="v2_limit" value="{v2_limit}"
      inputmode="numeric"></label>
    <label>Chamadas em lote da API v2 por minuto<input name="v2_batch_limit" value="{v2_batch_limit}"
      inputmode="numeric"></label>
    <label>Variedade das respostas v2 (0 é a forma da documentação)<input name="v2_variety"
      value="{v2_variety}" inputmode="numeric"></label>
    <label>Janela<select name="janela">{windows}</select></label>
    <label>Cabeçalhos X-Ratelimit<select name="cabecalhos">{headers}</select></label>
    <p class="actions"><button class="button primary">Salvar limites</button></p>
  </form>
</section>
</div>
<div class="stack">
<section class="card flush">
<table class="rows faults">
<thead><tr><th>Rota</th><th>Falha</th><th>Atingiu</th><th>Estado</th>
<th><span class="vh">Ação</span></th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}{remove_all}
</section>
<section class="card">
  <h2>Outro programa na mesma conta</h2>
  <form method="post" action="{base}/consumir" class="form">
    <label>Chamadas que ele faz agora<input name="chamadas" value="10" inputmode="numeric"></label>
    <label>De que tipo<select name="tipo"><option value="read">Leituras</option>
      <option value="write">Escritas</option><option value="v2">API v2</option></select></label>
    <p class="actions"><button class="button">Consumir</button></p>
  </form>
</section>
<section class="card">
  <h2>Relógio do simulador</h2>
  <p class="num">{now}</p><p class="sub">{moved}</p>
  <form method="post" action="{base}/relogio" class="actions">{steps}</form>
</section>
</div>
</div>
"""

FAULT_ROW = """
<tr><td class="mono">{route}<span class="sub">{scope}</span></td><td>{what}</td><td class="num">{struck}</td>
<td>{state}</td>
<td class="right"><form method="post" action="{base}/desligar">
  <button class="button" name="falha" value="{id}">Desligar<span class="vh"> falha {id}</span></button>
</form></td></tr>
"""

SENDER = """
<div class="columns">
<section class="card">
  <h2>Falha no envio de notificações</h2>
  <form method="post" action="{base}/envio" class="form">
    <label>O que acontece<select name="falha">{actions}</select></label>
    <label>Com que notificações<select name="tipo"><option value="">Todas</option>{kinds}</select></label>
    <label>De cada cem, quantas<input name="parte" value="100" inputmode="numeric" pattern="[0-9]*"></label>
    <label>Segundos, para atrasos<input name="segundos" value="60" inputmode="numeric"
      pattern="[0-9]*"></label>
    <label>Semente do sorteio<input name="semente" value="1" autocomplete="off"></label>
    <p class="actions"><button class="button primary">Ligar falha no envio</button></p>
  </form>
  <form method="post" action="{base}/envio/soltar" class="actions">
    <button class="button" name="ordem" value="shuffle">Soltar embaralhadas</button>
    <button class="button" name="ordem" value="reverse">Soltar ao contrário</button>
  </form>
  <form method="post" action="{base}/envio/apagar" class="actions">
    <button class="button">Apagar os endereços</button>
  </form>
</section>
<div class="stack">
<section class="card flush">
<table class="rows faults">
<thead><tr><th>Notificações</th><th>Falha no envio</th><th>Atingiu</th><th>Estado</th>
<th><span class="vh">Ação</span></th></tr></thead>
<tbody>{rows}</tbody>
</table>
{empty}
</section>
<section class="card">
  <h2>Reenvio, em todas as contas</h2>
  <form method="post" action="{base}/envio/reenvio" class="form">
    <label>Espera entre as tentativas<select name="escala">{scales}</select></label>
    <label>Depois de vinte falhas seguidas<select name="depois">{removals}</select></label>
    <p class="actions"><button class="button">Salvar reenvio</button></p>
  </form>
</section>
<section class="card">
  <h2>Notificações desta conta</h2>
  <ul class="counters">{counters}</ul>
</section>
</div>
</div>
"""

SENDER_FAULT_ROW = """
<tr><td>{kinds}<span class="sub">{scope}</span></td><td>{what}</td><td class="num">{struck}</td>
<td>{state}</td>
<td class="right"><form method="post" action="{base}/envio/desligar">
  <button class="button" name="falha" value="{id}">Desligar<span class="vh"> falha no envio {id}</span>
  </button>
</form></td></tr>
"""

REMOVE_ALL_FAULTS = """
<form method="post" action="{base}/desligar" class="actions pad">
  <button class="button" name="falha" value="todas">Desligar todas</button></form>
"""
