from django.db import migrations

from accounts import rls

TABLES = [
    "catalogcounter",
    "product",
    "productreference",
    "warehousestock",
    "figurechange",
    "productcriteria",
    "productimport",
]
KEYS = [
    ("product", "parent_id", "catalog_product"),
    ("product", "source_integration_id", "integrations_integration"),
    ("productreference", "integration_id", "integrations_integration"),
    ("productreference", "product_id", "catalog_product"),
    ("warehousestock", "reference_id", "catalog_productreference"),
    ("figurechange", "product_id", "catalog_product"),
    ("productcriteria", "integration_id", "integrations_integration"),
    ("productimport", "integration_id", "integrations_integration"),
]


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("integrations", "0002_walls")]

    operations = [
        *(rls.tenant_table(f"catalog_{table}") for table in TABLES),
        *(rls.tenant_foreign_key(f"catalog_{table}", column, parent) for table, column, parent in KEYS),
    ]
