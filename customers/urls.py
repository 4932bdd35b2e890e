from django.urls import path

from customers import views

app_name = "customers"

_CUSTOMERS = "o/<slug:slug>/clientes/"

urlpatterns = [
    path(_CUSTOMERS, views.customer_list, name="list"),
    path(f"{_CUSTOMERS}novo/", views.new_customer, name="new"),
    path(f"{_CUSTOMERS}<int:customer_id>/", views.customer_detail, name="detail"),
    path(f"{_CUSTOMERS}<int:customer_id>/mostrar/", views.show_customer, name="show"),
    path(f"{_CUSTOMERS}<int:customer_id>/editar/", views.edit_customer, name="edit"),
    path(f"{_CUSTOMERS}<int:customer_id>/enviar/", views.send_customer, name="send"),
    path(
        "o/<slug:slug>/integracoes/erp/nativos/<slug:provider>/<int:pk>/clientes/",
        views.criteria,
        name="criteria",
    ),
]
