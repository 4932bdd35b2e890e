from django.db import migrations


class Migration(migrations.Migration):
    """What is imported stands in the status map, which takes the former choices over."""

    dependencies = [("integrations", "0008_sellers"), ("orders", "0011_walls_of_status_maps")]

    operations = [migrations.RemoveField("integration", "import_situations")]
