"""Tiny's API v2 (token): transport in ``client``, translation in ``mappers``, both behind ``api``."""

from tiny.v2.api import TinyV2
from tiny.v2.checks import CHECKS

__all__ = ["CHECKS", "TinyV2"]
