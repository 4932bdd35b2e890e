"""The names, places, products, services and marketplaces that invented data are drawn from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A neighbourhood, the first five digits of its postal codes and a few of its streets."""

    municipio: str
    uf: str
    ddd: str
    bairro: str
    cep5: tuple[int, int]
    streets: tuple[str, ...]


PLACES = (
    Place("São Paulo", "SP", "11", "Bela Vista", (1310, 1329), ("Rua Treze de Maio", "Rua dos Ingleses")),
    Place("São Paulo", "SP", "11", "Pinheiros", (5410, 5430), ("Rua Fradique Coutinho", "Rua Mourato")),
    Place("São Paulo", "SP", "11", "Vila Mariana", (4010, 4119), ("Rua Domingos de Morais", "Rua Vergueiro")),
    Place("São Paulo", "SP", "11", "Tatuapé", (3310, 3321), ("Rua Tuiuti", "Rua Serra de Bragança")),
    Place("Campinas", "SP", "19", "Cambuí", (13024, 13025), ("Rua Coronel Quirino", "Rua Sampainho")),
    Place("Santos", "SP", "13", "Gonzaga", (11055, 11065), ("Rua Goiás", "Avenida Ana Costa")),
    Place("Ribeirão Preto", "SP", "16", "Jardim Sumaré", (14025, 14026), ("Rua João Penteado",)),
    Place("São José dos Campos", "SP", "12", "Vila Adyana", (12243, 12245), ("Rua Euclides Miragaia",)),
    Place("Rio de Janeiro", "RJ", "21", "Copacabana", (22010, 22070), ("Rua Barata Ribeiro", "Rua Tonelero")),
    Place("Rio de Janeiro", "RJ", "21", "Tijuca", (20510, 20560), ("Rua Conde de Bonfim", "Rua Uruguai")),
    Place("Niterói", "RJ", "21", "Icaraí", (24220, 24230), ("Rua Gavião Peixoto", "Rua Moreira César")),
    Place("Belo Horizonte", "MG", "31", "Savassi", (30112, 30140), ("Rua Pernambuco", "Rua Alagoas")),
    Place("Uberlândia", "MG", "34", "Martins", (38400, 38400), ("Avenida Cesário Alvim", "Rua Goiás")),
    Place("Vitória", "ES", "27", "Jardim Camburi", (29090, 29090), ("Rua Italina Pereira Motta",)),
    Place("Curitiba", "PR", "41", "Batel", (80420, 80440), ("Rua Bispo Dom José", "Alameda Dom Pedro II")),
    Place("Curitiba", "PR", "41", "Água Verde", (80240, 80250), ("Rua Brasílio Itiberê", "Avenida Iguaçu")),
    Place("Londrina", "PR", "43", "Gleba Palhano", (86050, 86055), ("Rua Ernâni Lacerda de Athayde",)),
    Place("Florianópolis", "SC", "48", "Trindade", (88036, 88036), ("Rua Lauro Linhares", "Rua Cândida")),
    Place("Joinville", "SC", "47", "América", (89204, 89204), ("Rua Max Colin", "Rua Benjamin Constant")),
    Place("Blumenau", "SC", "47", "Victor Konder", (89012, 89012), ("Rua São Paulo",)),
    Place("Porto Alegre", "RS", "51", "Cidade Baixa", (90050, 90050), ("Rua da República", "Rua Sarmento")),
    Place("Caxias do Sul", "RS", "54", "Exposição", (95084, 95084), ("Rua Os Dezoito do Forte",)),
    Place("Santa Maria", "RS", "55", "Nossa Senhora de Lourdes", (97050, 97060), ("Rua Tuiuti",)),
    Place("Brasília", "DF", "61", "Asa Norte", (70710, 70770), ("SQN 310 Bloco C", "CLN 205 Bloco B")),
    Place("Goiânia", "GO", "62", "Setor Bueno", (74210, 74230), ("Rua T-37", "Avenida T-4")),
    Place("Cuiabá", "MT", "65", "Duque de Caxias", (78043, 78043), ("Rua Presidente Afonso Pena",)),
    Place("Campo Grande", "MS", "67", "Jardim dos Estados", (79002, 79020), ("Rua da Paz", "Rua Bahia")),
    Place("Salvador", "BA", "71", "Pituba", (41810, 41830), ("Rua Amazonas", "Avenida Paulo VI")),
    Place("Recife", "PE", "81", "Boa Viagem", (51020, 51030), ("Rua dos Navegantes", "Rua Setúbal")),
    Place("Fortaleza", "CE", "85", "Aldeota", (60115, 60150), ("Rua Silva Paulet", "Rua Leonardo Mota")),
    Place("Natal", "RN", "84", "Ponta Negra", (59090, 59092), ("Rua Francisco Gurgel",)),
    Place("João Pessoa", "PB", "83", "Manaíra", (58038, 58038), ("Avenida Edson Ramalho",)),
    Place("Maceió", "AL", "82", "Ponta Verde", (57035, 57035), ("Rua Doutor Noel Nutels",)),
    Place("Aracaju", "SE", "79", "Jardins", (49025, 49026), ("Avenida Sílvio Cabral Santana",)),
    Place("São Luís", "MA", "98", "Jardim Renascença", (65075, 65075), ("Rua dos Juritis",)),
    Place("Belém", "PA", "91", "Nazaré", (66035, 66040), ("Travessa Quintino Bocaiúva", "Rua João Balbi")),
    Place("Manaus", "AM", "92", "Adrianópolis", (69057, 69057), ("Rua Salvador", "Rua Belo Horizonte")),
    Place("Palmas", "TO", "63", "Plano Diretor Norte", (77006, 77006), ("Quadra 204 Norte Alameda 2",)),
)

FIRST_NAMES = (
    "Ana Beatriz", "Adriana", "Alexandre", "André Luiz", "Antônio", "Bárbara", "Beatriz", "Bruno", "Caio",
    "Camila", "Carla Regina", "Cauã", "Cecília", "Daniela", "Débora", "Diego", "Eduardo", "Elaine",
    "Fábio", "Fernanda", "Gabriel", "Giovana", "Gustavo", "Heitor", "Helena", "Igor", "Isabela",
    "Janaína", "João Pedro", "José Carlos", "Juliana", "Karina", "Larissa", "Leonardo", "Letícia",
    "Luís Fernando", "Luzia", "Marcelo", "Márcia", "Maria Clara", "Maria das Graças", "Mateus", "Mônica",
    "Natália", "Otávio", "Patrícia", "Paulo", "Rafaela", "Raimundo", "Renata", "Rodrigo", "Rosângela",
    "Sandra", "Sérgio", "Simone", "Tainá", "Tatiane", "Thiago", "Valéria", "Vinícius", "Vitória",
    "Wellington", "Yara", "Zilda",
)  # fmt: skip
LAST_NAMES = (
    "Albuquerque", "Almeida", "Alves", "Andrade", "Araújo", "Azevedo", "Barbosa", "Barros", "Batista",
    "Brandão", "Cardoso", "Carvalho", "Castro", "Cavalcanti", "Costa", "Cunha", "D'Ávila", "Dias",
    "Duarte", "Farias", "Fernandes", "Ferreira", "Figueiredo", "Fonseca", "Freitas", "Gomes", "Gonçalves",
    "Lima", "Lopes", "Macedo", "Machado", "Marques", "Martins", "Melo", "Mendes", "Monteiro", "Moraes",
    "Moreira", "Moura", "Nascimento", "Nogueira", "Oliveira", "Pacheco", "Peixoto", "Pereira", "Pinheiro",
    "Prado", "Queiroz", "Ramos", "Rezende", "Ribeiro", "Rocha", "Rodrigues", "Sá", "Sales", "Santana",
    "Santos", "Silva", "Siqueira", "Soares", "Souza", "Tavares", "Teixeira", "Vasconcelos", "Vieira",
    "Xavier",
)  # fmt: skip
COMPANY_STEMS = (
    "Mirante", "Pau-Brasil", "Boa Safra", "Três Lagoas", "Nova Aliança", "Ipê Amarelo", "Recanto",
    "Vale Verde", "Porto Claro", "Jabuticaba", "Sol Nascente", "Canto da Serra", "Duas Rodas",
    "Araucária", "Maré Alta",
)  # fmt: skip
COMPANY_KINDS = (
    "Comércio de Móveis Ltda", "Materiais de Construção Ltda", "Papelaria ME", "Hotelaria Ltda",
    "Distribuidora de Alimentos S.A.", "Academia Ltda", "Restaurante Ltda EPP",
    "Clínica Veterinária Ltda", "Arquitetura e Interiores Ltda", "Escola Infantil ME",
)  # fmt: skip
FOREIGNERS = (
    ("Lucía Fernández Rey", "Montevideo", "Uruguai", "Calle Colonia"),
    ("Matías Agüero", "Córdoba", "Argentina", "Avenida Colón"),
    ("Inês Salgueiro Pinto", "Porto", "Portugal", "Rua de Cedofeita"),
    ("Hannah O'Neill", "Cork", "Irlanda", "Patrick Street"),
)
COMPLEMENTS = (
    "", "", "", "apto 32", "Apto. 1204 bloco B", "casa 2", "fundos", "sala 501", "ao lado da padaria",
    "bl 3 ap 14",
)  # fmt: skip


@dataclass(frozen=True)
class Product:
    sku: str
    descricao: str
    price: float
    ncm: str
    weight: float


HOME_GOODS = (
    Product("PAN-7-GRF", "Jogo de panelas antiaderente 7 peças grafite", 749.90, "76151000", 6.8),
    Product("LUM-ART-PT", "Luminária de mesa articulada preta", 249.00, "94052000", 1.4),
    Product("TOA-BAN-4", "Jogo de toalhas de banho 4 peças algodão", 139.90, "63026000", 1.9),
    Product("ORG-GAV-12", "Organizador de gavetas 12 divisórias", 55.90, "39249000", 0.7),
    Product("FAC-CHEF-8", 'Faca do chef 8" aço inox', 119.45, "82119200", 0.3),
    Product("CAF-PRE-350", "Cafeteira de prensa 350 ml", 89.90, "70134900", 0.6),
    Product("TAP-SIS-2X3", "Tapete de sisal 2,00 x 3,00 m", 689.00, "57029990", 11.2),
    Product("VAS-CER-M", "Vaso de cerâmica esmaltada médio", 64.5, "69139000", 2.2),
    Product("COR-BLK-28", "Cortina blackout 2,80 x 2,30 m", 199.90, "63039200", 2.6),
    Product("POT-VID-10", "Conjunto de potes de vidro 10 peças", 159.9, "70134900", 4.1),
    Product("EDR-QN-400", "Edredom queen 400 fios", 329.00, "94049000", 3.3),
    Product("CAB-VEL-50", "Cabides de veludo, 50 unidades", 97.77, "39269090", 2.0),
    Product("LIX-INO-30", "Lixeira de inox com pedal 30 L", 279.35, "73239300", 4.6),
    Product("ALM-VIS-2", "Travesseiro viscoelástico, par", 219.8, "94049000", 2.4),
)
OUTDOOR_GOODS = (
    Product("MOC-50L-VD", "Mochila cargueira 50 L verde", 459.90, "42029200", 1.9),
    Product("BAR-2P-ULT", "Barraca ultraleve 2 pessoas", 1189.00, "63062200", 2.1),
    Product("SAC-DOR-0C", "Saco de dormir conforto 0 °C", 389.5, "94043000", 1.6),
    Product("LAN-CAB-400", "Lanterna de cabeça 400 lúmens recarregável", 149.90, "85131090", 0.1),
    Product("GAR-TER-1L", "Garrafa térmica inox 1 L", 129.9, "96170010", 0.6),
    Product("BOT-TRK-41", "Bota de trekking impermeável nº 41", 529.00, "64029190", 1.5),
    Product("BOT-TRK-38", "Bota de trekking impermeável nº 38", 529.00, "64029190", 1.4),
    Product("FOG-PORT-G", "Fogareiro portátil a gás", 174.35, "73211100", 0.8),
    Product("BAS-CAM-PR", "Bastão de caminhada, par", 219.90, "66020000", 0.5),
    Product("JAQ-CV-M", "Jaqueta corta-vento M", 299.00, "62019300", 0.4),
    Product("RED-CAS-AZ", "Rede de camping casal azul", 159.9, "63062900", 0.9),
    Product("KIT-PSO-35", "Kit de primeiros socorros 35 itens", 98.45, "30065000", 0.4),
)


# Brand, and category from the root down, of the products above.
GOODS_DETAILS = {
    "PAN-7-GRF": ("Panela Brava", "Casa >> Cozinha >> Panelas"),
    "LUM-ART-PT": ("Lume", "Casa >> Decoração"),
    "TOA-BAN-4": ("Lume", "Casa >> Cama e banho"),
    "ORG-GAV-12": ("", "Casa"),
    "FAC-CHEF-8": ("Panela Brava", "Casa >> Cozinha"),
    "CAF-PRE-350": ("Panela Brava", "Casa >> Cozinha"),
    "TAP-SIS-2X3": ("Lume", "Casa >> Decoração"),
    "VAS-CER-M": ("", "Casa >> Decoração"),
    "COR-BLK-28": ("Lume", "Casa >> Decoração"),
    "POT-VID-10": ("Panela Brava", "Casa >> Cozinha"),
    "EDR-QN-400": ("Lume", "Casa >> Cama e banho"),
    "CAB-VEL-50": ("", ""),
    "LIX-INO-30": ("Panela Brava", "Casa >> Cozinha"),
    "ALM-VIS-2": ("Lume", "Casa >> Cama e banho"),
    "MOC-50L-VD": ("Trilha Norte", "Esporte e lazer >> Trekking"),
    "BAR-2P-ULT": ("Trilha Norte", "Esporte e lazer >> Camping"),
    "SAC-DOR-0C": ("Trilha Norte", "Esporte e lazer >> Camping"),
    "LAN-CAB-400": ("Serra Alta", "Esporte e lazer >> Camping"),
    "GAR-TER-1L": ("Serra Alta", "Esporte e lazer"),
    "BOT-TRK-41": ("Pé de Serra", "Esporte e lazer >> Trekking >> Calçados"),
    "BOT-TRK-38": ("Pé de Serra", "Esporte e lazer >> Trekking >> Calçados"),
    "FOG-PORT-G": ("", "Esporte e lazer >> Camping"),
    "BAS-CAM-PR": ("Serra Alta", "Esporte e lazer >> Trekking"),
    "JAQ-CV-M": ("Serra Alta", "Roupas"),
    "RED-CAS-AZ": ("", "Esporte e lazer >> Camping"),
    "KIT-PSO-35": ("", ""),
}
BRANDS = ("Panela Brava", "Lume", "Trilha Norte", "Serra Alta", "Pé de Serra", "D'Aurora & Filhos")
# Products by the thousand: name, NCM, weight in kg, category.
NOUNS = (
    ("Caneca", "69120000", 0.4, "Casa >> Cozinha"),
    ("Mochila", "42029200", 0.9, "Esporte e lazer"),
    ("Camiseta", "61091000", 0.2, "Roupas >> Camisetas"),
    ("Panela", "76151000", 1.8, "Casa >> Cozinha >> Panelas"),
    ("Almofada", "94049000", 0.6, "Casa >> Decoração"),
    ("Barraca", "63062200", 3.2, "Esporte e lazer >> Camping"),
    ("Tênis", "64041100", 0.8, "Esporte e lazer >> Trekking >> Calçados"),
)
MATERIALS = ("clássica", "leve", "reforçada", "dobrável", "de algodão orgânico", "à prova d'água")


@dataclass(frozen=True)
class Freight:
    """A shipping service: the account's formaEnvio and formaFrete, and who really carries."""

    key: str
    envio: str
    tipo: int
    frete: str
    codigo: str
    tipo_entrega: int
    days: int
    transportador: str = ""


FREIGHTS = (
    Freight("correios_sedex", "Correios", 1, "SEDEX", "03220", 2, 3),
    Freight("correios_pac", "Correios", 1, "PAC", "03298", 1, 8),
    Freight("mercado_envios", "Mercado Envios", 3, "Mercado Envios Coleta", "xd_drop_off", 1, 4),
    Freight("mercado_flex", "Mercado Envios", 3, "Mercado Envios Flex", "self_service", 5, 1),
    Freight("jadlog_package", "Jadlog", 7, ".Package", "3", 1, 6),
    Freight("jadlog_com", "Jadlog", 7, ".Com", "9", 2, 4),
    Freight("shopee", "Shopee Envios", 12, "Shopee Xpress", "90011", 1, 6),
    Freight("loggi", "Loggi", 17, "Loggi Express", "LOG_EXP", 2, 3),
    Freight("total_express", "Total Express", 8, "Expresso", "EXP", 2, 4),
    Freight("braspress", "Transportadora", 2, "Rodoviário", "", 4, 9, "Braspress Transportes Urgentes Ltda"),
    Freight("rodonaves", "Transportadora", 2, "Rodoviário", "", 4, 10, "Rodonaves Transportes Ltda"),
    Freight("retirada", "Retirar pessoalmente", 0, "Retirada", "", 6, 1),
)
FREIGHT_BY_KEY = {freight.key: freight for freight in FREIGHTS}


@dataclass(frozen=True)
class Channel:
    """A marketplace as an account sees it; no name means an order typed in by hand."""

    nome: str
    canal: str
    freights: tuple[str, ...]
    weight: int
    intermediador: bool = True


CHANNELS = (
    Channel("Mercado Livre", "Mercado Livre", ("mercado_envios", "mercado_envios", "mercado_flex"), 34),
    Channel("Shopee", "Shopee", ("shopee",), 18),
    Channel("Amazon", "Amazon", ("correios_sedex", "total_express", "loggi"), 14),
    Channel("Magazine Luiza", "Magalu", ("jadlog_package", "total_express", "correios_pac"), 10),
    Channel(
        "Loja Exemplo",
        "Loja própria",
        ("correios_sedex", "correios_pac", "jadlog_package", "jadlog_com", "loggi", "total_express"),
        16,
        intermediador=False,
    ),
    Channel("", "", ("braspress", "rodonaves", "correios_pac", "retirada"), 8, intermediador=False),
)
ECOMMERCE_TEXTS = ("nome", "numeroPedidoEcommerce", "numeroPedidoCanalVenda", "canalVenda")
CHANNEL_WEIGHTS = [channel.weight for channel in CHANNELS]
