from django.urls import path

from orders import actions, buyer_views, map_views, parcel_views, sheet_views, views

app_name = "orders"

_STATUS_MAP = "o/<slug:slug>/integracoes/erp/nativos/<slug:provider>/<int:pk>/situacoes/"

urlpatterns = [
    path("r/<str:key>/", buyer_views.buyer_page, name="buyer_page"),
    path("o/<slug:slug>/pedidos/", views.order_list, name="list"),
    path("o/<slug:slug>/pedidos/<int:number>/", views.order_detail, name="detail"),
    path("o/<slug:slug>/pedidos/<int:number>/itens/", views.order_items, name="items"),
    path("o/<slug:slug>/pedidos/<int:number>/tentar-de-novo/", actions.retry, name="retry"),
    path("o/<slug:slug>/pedidos/<int:number>/enviar/", actions.send_anyway, name="send_anyway"),
    path("o/<slug:slug>/pedidos/<int:number>/status/", actions.change_status, name="change_status"),
    path(
        "o/<slug:slug>/pedidos/<int:number>/integracao/",
        actions.choose_integration,
        name="choose_integration",
    ),
    path("o/<slug:slug>/pedidos/<int:number>/rastreio/", parcel_views.order_shipment, name="shipment"),
    path("o/<slug:slug>/rastreamento/", parcel_views.parcel_list, name="parcels"),
    path("o/<slug:slug>/rastreamento/consultar/", parcel_views.ask_parcels, name="ask_parcels"),
    path("o/<slug:slug>/pedidos/enviar/<int:pk>/", actions.send_offered, name="send_offered"),
    path("o/<slug:slug>/pedidos/importacao/<int:pk>/", views.order_import, name="import"),
    path("o/<slug:slug>/pedidos/nao-importados/<int:pk>/", views.passed_over, name="passed_over"),
    path("o/<slug:slug>/pedidos/importar/", sheet_views.sheet_upload, name="sheet_upload"),
    path("o/<slug:slug>/pedidos/importar/modelo/", sheet_views.sheet_model, name="sheet_model"),
    path("o/<slug:slug>/pedidos/importar/<int:sheet_id>/", sheet_views.sheet_detail, name="sheet"),
    path(_STATUS_MAP, map_views.edit_status_map, name="status_map"),
    path(f"{_STATUS_MAP}aplicar/", map_views.apply_status_map, name="status_map_run"),
]
