from django.urls import path

from catalog import api

app_name = "catalog_api"
# A SKU may hold anything, slashes too.
urlpatterns = [
    path("products/", api.ProductList.as_view(), name="products"),
    path("products/<path:sku>/", api.ProductDetail.as_view(), name="product"),
    path("prices/", api.PriceList.as_view(), name="prices"),
    path("prices/<path:sku>/", api.PriceDetail.as_view(), name="price"),
    path("stock/", api.StockList.as_view(), name="stock"),
    path("stock/<path:sku>/", api.StockDetail.as_view(), name="stock_of_product"),
]
