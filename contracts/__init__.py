"""The port between our domain and an ERP: records, errors, the provider protocol and the HTTP client.

Pure Python: no Django and no models, so that a plug-in is testable without a database.
"""
