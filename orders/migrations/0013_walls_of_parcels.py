from django.db import migrations

from accounts import rls

# Orders that were sent before parcels were followed: the next job of their company takes them up.
ON_THEIR_WAY = """
    UPDATE orders_ordershipment AS shipment SET needs_following = true
    FROM orders_order AS sent
    WHERE sent.organization_id = shipment.organization_id AND sent.id = shipment.order_id
      AND shipment.tracking_wanted_at IS NOT NULL AND sent.status NOT IN ('delivered', 'cancelled')
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_parcels")]

    operations = [
        rls.tenant_table("orders_orderparcel"),
        rls.tenant_foreign_key("orders_orderparcel", "order_id", "orders_order"),
        rls.tenant_foreign_key("orders_orderparcel", "parcel_id", "tracking_parcel"),
        rls.tenant_table("orders_shippingmethodlist"),
        rls.tenant_foreign_key("orders_shippingmethodlist", "integration_id", "integrations_integration"),
        migrations.RunSQL(ON_THEIR_WAY, migrations.RunSQL.noop),
    ]
