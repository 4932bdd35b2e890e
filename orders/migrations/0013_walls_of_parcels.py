from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_parcels")]

    operations = [
        rls.tenant_table("orders_orderparcel"),
        rls.tenant_foreign_key("orders_orderparcel", "order_id", "orders_order"),
        rls.tenant_foreign_key("orders_orderparcel", "parcel_id", "tracking_parcel"),
        rls.tenant_table("orders_shippingmethodlist"),
        rls.tenant_foreign_key("orders_shippingmethodlist", "integration_id", "integrations_integration"),
    ]
