"""API v2's services, one module per group: texts and labels instead of v3's numbers, over the same rows.

What is imitated follows Tiny's documentation of API v2 and reports of others; nothing was measured here.
"""
