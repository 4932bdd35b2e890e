from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_forwarding")]

    operations = [
        rls.tenant_table("orders_orderforwarding"),
        rls.tenant_foreign_key("orders_orderforwarding", "order_id", "orders_order"),
        rls.tenant_table("orders_idempotencykey"),
        rls.tenant_foreign_key("orders_idempotencykey", "order_id", "orders_order"),
    ]
