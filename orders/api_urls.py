from django.urls import path

from orders import api

app_name = "orders_api"
urlpatterns = [
    path("orders/", api.OrderList.as_view(), name="orders"),
    path("orders/<int:number>/", api.OrderDetail.as_view(), name="order"),
    path("orders/<int:number>/status/", api.OrderStatusChange.as_view(), name="status"),
    path("orders/<int:number>/cancel/", api.OrderCancellation.as_view(), name="cancel"),
]
