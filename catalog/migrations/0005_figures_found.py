from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_walls_of_held_changes")]

    operations = [
        migrations.AddField(
            model_name="figurechange",
            name="unchanged_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="figurechange",
            index=models.Index(
                condition=models.Q(("source", "poll")),
                fields=["organization", "at"],
                name="catalog_figures_found",
            ),
        ),
        migrations.AddIndex(
            model_name="figurechange",
            index=models.Index(
                condition=models.Q(
                    models.Q(("after", 0), ("after", None), _connector="OR"),
                    ("before__gt", 0),
                    ("figure", "stock"),
                ),
                fields=["organization", "at"],
                name="catalog_figures_emptied",
            ),
        ),
    ]
