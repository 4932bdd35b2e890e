"""Plays carriers over HTTP: Correios' SRO with its token, and SSW's tracking by the key of a nota.

Made from the carriers' documents; it shares no code and no table with what it tests. All it knows is in
memory.
"""
