"""Products: what talks to the ERP. Outside any transaction, then one service."""
