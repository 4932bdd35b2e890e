"""What each endpoint of API v3 answers, one module per group of Tiny's documentation.

A module's ``ROUTES`` are (method, template, handler); a handler gets the cursor of the call's transaction,
the account behind the token and the request.
"""
