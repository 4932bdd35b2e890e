from django.urls import path

from catalog import api

app_name = "catalog_api"
# A SKU may hold anything, slashes too.
urlpatterns = [
    path("products/", api.ProductList.as_view(), name="products"),
    path("products/<path:sku>/", api.ProductDetail.as_view(), name="product"),
    path("prices/", api.FigureList.as_view(listing=api.PRICE_LISTING), name="prices"),
    path("prices/<path:sku>/", api.FigureDetail.as_view(listing=api.PRICE_LISTING), name="price"),
    path("stock/", api.FigureList.as_view(listing=api.STOCK_LISTING), name="stock"),
    path("stock/<path:sku>/", api.FigureDetail.as_view(listing=api.STOCK_LISTING), name="stock_of_product"),
]
