"""What can happen to a parcel, step by step, and how each carrier puts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# What a carrier calls each step: its code and its sentence.
CORREIOS: Mapping[str, tuple[str, str]] = {
    "posted": ("PO 01", "Objeto postado"),
    "in_transit": ("RO 01", "Objeto encaminhado"),
    "arrived": ("DO 01", "Objeto encaminhado"),
    "out_for_delivery": ("OEC 01", "Objeto saiu para entrega ao destinatário"),
    "delivery_failed": ("BDE 20", "Carteiro não atendido - Entrega não realizada"),
    "available_for_pickup": ("LDI 01", "Objeto aguardando retirada no endereço indicado"),
    "delivered": ("BDE 01", "Objeto entregue ao destinatário"),
    "retracted": ("EST 01", "Favor desconsiderar a informação anterior"),
    "refused": ("BDE 04", "Cliente recusou-se a receber o objeto - Entrega não realizada"),
    "returned": ("BDE 23", "Objeto entregue ao remetente"),
    "lost": ("BDE 80", "Objeto extraviado"),
    "delayed": ("BDE 69", "Objeto com atraso na entrega"),
}
SSW: Mapping[str, tuple[str, str]] = {
    "posted": ("80", "DOCUMENTO DE TRANSPORTE EMITIDO"),
    "in_transit": ("83", "SAIDA DE UNIDADE"),
    "arrived": ("84", "CHEGADA EM UNIDADE"),
    "out_for_delivery": ("85", "SAIDA PARA ENTREGA"),
    "delivery_failed": ("31", "PRIMEIRA TENTATIVA DE ENTREGA"),
    "available_for_pickup": ("02", "AGUARDANDO AGENDAMENTO"),
    "delivered": ("01", "MERCADORIA ENTREGUE"),
    "refused": ("38", "CLIENTE RECUSOU A MERCADORIA"),
    "returned": ("03", "MERCADORIA DEVOLVIDA AO REMETENTE"),
    "lost": ("50", "EXTRAVIO DE MERCADORIA"),
    "delayed": ("88", "ATRASO NA ENTREGA"),
}
WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {"correios": CORREIOS, "ssw": SSW}

STORIES: Mapping[str, Sequence[str]] = {
    "delivered": ("posted", "in_transit", "arrived", "out_for_delivery", "delivered"),
    "second_attempt": (
        "posted",
        "in_transit",
        "out_for_delivery",
        "delivery_failed",
        "out_for_delivery",
        "delivered",
    ),
    "pickup": ("posted", "in_transit", "delivery_failed", "available_for_pickup", "delivered"),
    "returned": ("posted", "in_transit", "out_for_delivery", "refused", "in_transit", "returned"),
    "lost": ("posted", "in_transit", "delayed", "lost"),
    "retracted": ("posted", "out_for_delivery", "delivered", "retracted", "out_for_delivery", "delivered"),
}

PLACES = ("SAO PAULO/SP", "CAJAMAR/SP", "CURITIBA/PR", "CURITIBA/PR", "CURITIBA/PR", "CURITIBA/PR")


def choose_story(carrier: str, key: str) -> str:
    """Most parcels arrive; the same key always fares the same."""
    rare = ("second_attempt", "pickup", "returned") if carrier == "correios" else ("second_attempt",)
    place = sum(map(ord, key)) % 12
    return rare[place] if place < len(rare) else "delivered"
