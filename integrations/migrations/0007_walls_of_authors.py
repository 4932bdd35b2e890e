from django.db import migrations

from accounts import rls


class Migration(migrations.Migration):
    dependencies = [("integrations", "0006_protocols")]

    operations = [
        rls.tenant_foreign_key("integrations_integration", "author_id", "accounts_membership"),
        rls.tenant_foreign_key("integrations_connectiontest", "membership_id", "accounts_membership"),
    ]
