"""A stand-in for Tiny (Olist ERP): OAuth2, API v3, a small web page and a control API.

It runs as a process of its own (``python -m tiny.simulator``), keeps its state in its own database and
shares no code with what it tests: nothing here may import another package of this project.
What it imitates, and how surely that is known, is Tiny's OpenAPI v3.1 and measurements by others; see
``README.md`` beside this file.
"""
