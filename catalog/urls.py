from django.urls import path

from catalog.views import criteria, held, lists, mapping, product

app_name = "catalog"

_PRODUCTS = "o/<slug:slug>/produtos/"
_MAPPING = "o/<slug:slug>/de-para/produtos/"

urlpatterns = [
    path(_PRODUCTS, lists.product_list, name="list"),
    path(f"{_PRODUCTS}novo/", product.new_product, name="new"),
    path(f"{_PRODUCTS}problemas/", lists.problem_list, name="problems"),
    path(f"{_PRODUCTS}retidas/", held.held_list, name="held"),
    path(f"{_PRODUCTS}retidas/decidir/", held.decide_held, name="decide_held"),
    path(f"{_PRODUCTS}importacao/<int:pk>/", lists.product_import, name="import"),
    path(f"{_PRODUCTS}<int:product_id>/", product.product_detail, name="detail"),
    path(f"{_PRODUCTS}<int:product_id>/editar/", product.edit_product, name="edit"),
    path(f"{_PRODUCTS}<int:product_id>/reconferir/", product.refresh_product, name="refresh"),
    path(_MAPPING, mapping.unlinked_list, name="mapping"),
    path(f"{_MAPPING}<int:reference_id>/", mapping.resolve, name="resolve"),
    path(f"{_MAPPING}importar/", mapping.import_mapping, name="mapping_import"),
    path(f"{_MAPPING}exportar/", mapping.export_mapping, name="mapping_export"),
    path(
        "o/<slug:slug>/integracoes/erp/nativos/<slug:provider>/<int:pk>/produtos/",
        criteria.edit_criteria,
        name="criteria",
    ),
]
