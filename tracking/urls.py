from django.urls import path

from tracking import views

app_name = "tracking"

_MAPPINGS = "o/<slug:slug>/rastreamento/de-para/"
_CONTRACTS = "o/<slug:slug>/rastreamento/contratos/"

urlpatterns = [
    path(_MAPPINGS, views.mapping_list, name="mappings"),
    path(f"{_MAPPINGS}incluir/", views.new_mapping, name="new_mapping"),
    path(f"{_MAPPINGS}<int:mapping_id>/", views.edit_mapping, name="mapping"),
    path(f"{_MAPPINGS}<int:mapping_id>/excluir/", views.remove_mapping, name="delete_mapping"),
    path(_CONTRACTS, views.contract_list, name="contracts"),
    path(f"{_CONTRACTS}<slug:tracker>/", views.contract, name="contract"),
    path(f"{_CONTRACTS}<slug:tracker>/teste/", views.contract_test, name="test_contract"),
    path(f"{_CONTRACTS}<slug:tracker>/apagar/", views.remove_contract, name="remove_contract"),
]
