"""Starts Entreposto and everything under it on a bare machine; knows nothing of Django nor of our applications."""
