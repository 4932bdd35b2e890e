from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_held_changes"), ("accounts", "0002_walls")]

    operations = [
        rls.tenant_table("catalog_heldchange"),
        rls.tenant_foreign_key("catalog_heldchange", "integration_id", "integrations_integration"),
        rls.tenant_foreign_key("catalog_heldchange", "reference_id", "catalog_productreference"),
        rls.tenant_foreign_key("catalog_heldchange", "product_id", "catalog_product"),
    ]
