from django.urls import path

from customers import api

app_name = "customers_api"
urlpatterns = [
    path("customers/", api.CustomerList.as_view(), name="customers"),
    path("customers/<int:customer_id>/", api.CustomerDetail.as_view(), name="customer"),
]
