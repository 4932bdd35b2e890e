"""Starts Entreposto, and all under it, on a bare machine. Knows nothing of Django or our applications."""
