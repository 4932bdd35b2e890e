from django.urls import include, path

from accounts.api_auth import OpenApiDocument, UnknownAddress

urlpatterns = [
    # First, because nothing is asked for as often.
    path("", include("webhooks.urls")),
    path("", include("accounts.urls")),
    path("", include("integrations.urls")),
    path("", include("catalog.urls")),
    path("", include("customers.urls")),
    path("", include("tracking.urls")),
    path("", include("orders.urls")),
    path("", include("panel.urls")),
    path("api/v1/", include("catalog.api_urls")),
    path("api/v1/", include("customers.api_urls")),
    path("api/v1/", include("orders.api_urls")),
    path("api/v1/openapi.json", OpenApiDocument.as_view(), name="openapi"),
    path("api/<path:address>", UnknownAddress.as_view(), name="api_unknown"),
]

handler404 = "panel.views.page_not_found"
handler403 = "panel.views.permission_denied"
handler500 = "panel.views.server_error"
