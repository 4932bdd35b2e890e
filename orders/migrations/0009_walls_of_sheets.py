from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_sheets")]

    operations = [rls.tenant_table("orders_ordersheet")]
