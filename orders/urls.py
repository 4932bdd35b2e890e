from django.urls import path

from orders import views

app_name = "orders"

urlpatterns = [
    path("o/<slug:slug>/pedidos/", views.order_list, name="list"),
    path("o/<slug:slug>/pedidos/<int:number>/", views.order_detail, name="detail"),
    path("o/<slug:slug>/pedidos/<int:number>/itens/", views.order_items, name="items"),
    path("o/<slug:slug>/pedidos/importacao/<int:pk>/", views.order_import, name="import"),
    path("o/<slug:slug>/pedidos/nao-importados/<int:pk>/", views.passed_over, name="passed_over"),
]
