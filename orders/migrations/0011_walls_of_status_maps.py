from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts import rls
from accounts.clock import now

# As the checklist stood by default.
IMPORTED = frozenset({"aprovado", "preparando_envio", "faturado", "pronto_envio", "enviado"})
INVOICED = frozenset({"faturado", "pronto_envio", "enviado", "entregue", "nao_entregue"})
STATUSES = {
    "dados_incompletos": None, "aberto": "placed", "aprovado": "paid", "preparando_envio": "picking",
    "faturado": "invoiced", "pronto_envio": None, "enviado": "in_transit", "entregue": "delivered",
    "nao_entregue": "not_delivered", "em_devolucao": None, "cancelado": "cancelled",
}  # fmt: skip


def take_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Who had chosen other situations to import has them in a first version of the map."""
    for integration in apps.get_model("integrations", "Integration").objects.iterator():
        chosen = frozenset(integration.import_situations)
        if chosen == IMPORTED:
            continue
        apps.get_model("orders", "StatusMapVersion").objects.create(
            organization_id=integration.organization_id,
            integration=integration,
            number=1,
            saved_at=now(),
            saved_by="Entreposto",
            outward={status: code for code, status in STATUSES.items() if status},
            rules={
                code: {
                    "status": status,
                    "is_return": code == "em_devolucao",
                    "is_polled": True,
                    "is_imported": code in chosen,
                    "awaits_invoice": code in INVOICED,
                    "starts_tracking": code in INVOICED,
                }
                for code, status in STATUSES.items()
            },
        )


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_status_maps")]

    operations = [
        rls.tenant_table("orders_statusmapversion"),
        rls.tenant_foreign_key("orders_statusmapversion", "integration_id", "integrations_integration"),
        rls.tenant_table("orders_statusmaprun"),
        rls.tenant_foreign_key("orders_statusmaprun", "integration_id", "integrations_integration"),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
