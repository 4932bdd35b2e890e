"""Tiny's API v3 (REST, OAuth2): transport in ``client``, translation in ``mappers``, both behind ``api``."""

from tiny.v3.api import TinyV3
from tiny.v3.checks import CHECKS

__all__ = ["CHECKS", "TinyV3"]
