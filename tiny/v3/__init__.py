"""Tiny's API v3 (REST, OAuth2): transport in ``client``, translation in ``mappers``."""
