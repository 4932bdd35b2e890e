"""The ports between our domain and an ERP or a carrier: records, errors, protocols and the HTTP client.

Pure Python: no Django and no models, so that a plug-in is testable without a database.
"""
