"""What the panel says about the deeds that ``accounts.audit`` keeps: one place for each sentence."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import AuditEntry, Perfil

AUDIT = {
    "user.added": "{who} incluiu {name} com o perfil {perfil}.",
    "user.renamed": "{who} mudou o nome de {former} para {name}.",
    "user.perfil_changed": "{who} mudou o perfil de {name}: de {former_perfil} para {perfil}.",
    "user.deactivated": "{who} desativou {name}.",
    "user.reactivated": "{who} reativou {name}.",
    "password_link.created": "{who} gerou um link de senha para {name}.",
    "password.set": "{name} definiu a senha pelo link.",
    "api_token.created": "{who} gerou o token {token} para {name}.",
    "api_token.revoked": "{who} revogou o token {token} de {name}.",
    "shop.changed": "{who} mudou em Sua loja: {fields}.",
}
ICONS = {"password": "key", "password_link": "link", "api_token": "key", "user": "user", "shop": "home"}
SHOP_FIELDS = {
    "shop_name": "nome",
    "shop_colour": "cor",
    "shop_phone": "telefone",
    "shop_whatsapp": "WhatsApp",
    "shop_email": "e-mail",
    "shop_site": "site",
}


@dataclass(frozen=True, slots=True)
class AuditLine:
    entry: AuditEntry
    text: str
    icon: str


def tell(entry: AuditEntry) -> AuditLine:
    """The entry as a sentence; a code that lost its own is shown as it is."""
    params = {key: _in_words(key, value) for key, value in entry.params.items()}
    who = entry.person.user.name if entry.person else "A plataforma"
    text = AUDIT.get(entry.code, entry.code).format_map({"who": who, **params})
    return AuditLine(entry, text, ICONS.get(entry.code.split(".")[0], "info"))


def _in_words(key: str, value: object) -> object:
    if key in ("perfil", "former_perfil") and value in Perfil.values:
        return Perfil(value).label
    if key == "fields" and isinstance(value, list):
        return ", ".join(SHOP_FIELDS.get(name, str(name)) for name in value)
    return value
