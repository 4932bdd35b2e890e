from django.db import migrations

from accounts import rls

TABLES = [
    "order",
    "ordercounter",
    "orderreference",
    "passedoverorder",
    "orderitem",
    "orderinstallment",
    "invoice",
    "ordershipment",
]
KEYS = [
    ("order", "integration_id", "integrations_integration"),
    ("order", "customer_id", "customers_customer"),
    ("orderreference", "integration_id", "integrations_integration"),
    ("orderreference", "order_id", "orders_order"),
    ("passedoverorder", "integration_id", "integrations_integration"),
    ("orderitem", "order_id", "orders_order"),
    ("orderinstallment", "order_id", "orders_order"),
    ("invoice", "order_id", "orders_order"),
    ("invoice", "integration_id", "integrations_integration"),
    ("ordershipment", "order_id", "orders_order"),
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial"), ("customers", "0002_walls")]

    operations = [
        *(rls.tenant_table(f"orders_{table}") for table in TABLES),
        *(rls.tenant_foreign_key(f"orders_{table}", column, parent) for table, column, parent in KEYS),
    ]
