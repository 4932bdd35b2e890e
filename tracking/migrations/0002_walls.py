from django.db import migrations

from accounts import rls

FIND = "SELECT p.organization_id, p.id FROM tracking_parcel p WHERE p.key_hash = wanted"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        rls.tenant_table("tracking_parcel"),
        rls.tenant_table("tracking_parcelevent"),
        rls.tenant_table("tracking_carriermapping"),
        rls.tenant_table("tracking_carrieraccount"),
        rls.tenant_foreign_key("tracking_parcel", "first_id", "tracking_parcel"),
        rls.tenant_foreign_key("tracking_parcelevent", "parcel_id", "tracking_parcel"),
        rls.gateway_access("tracking_parcel"),
        rls.gateway_function(
            "gateway_parcel_by_key(wanted text)",
            "TABLE (organization_id bigint, parcel_id bigint)",
            FIND,
        ),
    ]
