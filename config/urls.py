from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("integrations.urls")),
    path("", include("orders.urls")),
    path("", include("panel.urls")),
]

handler404 = "panel.views.page_not_found"
handler403 = "panel.views.permission_denied"
handler500 = "panel.views.server_error"
