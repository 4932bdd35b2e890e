from django.urls import path

from catalog import views

app_name = "catalog"

_PRODUCTS = "o/<slug:slug>/produtos/"
_MAPPING = "o/<slug:slug>/de-para/produtos/"

urlpatterns = [
    path(_PRODUCTS, views.product_list, name="list"),
    path(f"{_PRODUCTS}novo/", views.new_product, name="new"),
    path(f"{_PRODUCTS}problemas/", views.problem_list, name="problems"),
    path(f"{_PRODUCTS}importacao/<int:pk>/", views.product_import, name="import"),
    path(f"{_PRODUCTS}<int:product_id>/", views.product_detail, name="detail"),
    path(f"{_PRODUCTS}<int:product_id>/editar/", views.edit_product, name="edit"),
    path(f"{_PRODUCTS}<int:product_id>/reconferir/", views.refresh_product, name="refresh"),
    path(_MAPPING, views.mapping, name="mapping"),
    path(f"{_MAPPING}<int:reference_id>/", views.resolve, name="resolve"),
    path(f"{_MAPPING}importar/", views.import_mapping, name="mapping_import"),
    path(f"{_MAPPING}exportar/", views.export_mapping, name="mapping_export"),
    path(
        "o/<slug:slug>/integracoes/erp/nativos/<slug:provider>/<int:pk>/produtos/",
        views.criteria,
        name="criteria",
    ),
]
