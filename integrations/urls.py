from django.urls import path

from integrations import views

app_name = "integrations"

_NATIVE = "o/<slug:slug>/integracoes/erp/nativos/"

urlpatterns = [
    path("integracoes/<slug:provider>/oauth/retorno/", views.oauth_return, name="oauth_return"),
    path("o/<slug:slug>/integracoes/usuario/<int:member_id>/", views.used_by, name="used_by"),
    path(_NATIVE, views.gallery, name="gallery"),
    path(f"{_NATIVE}<slug:provider>/", views.provider_options, name="provider"),
    path(f"{_NATIVE}<slug:provider>/nova/conexao/", views.new_connection, name="new"),
    path(f"{_NATIVE}<slug:provider>/<int:pk>/conexao/", views.connection, name="connection"),
    path(f"{_NATIVE}<slug:provider>/<int:pk>/testar/", views.test, name="test"),
    path(f"{_NATIVE}<slug:provider>/<int:pk>/testar/<int:test_id>/", views.test_result, name="test_result"),
    path(f"{_NATIVE}<slug:provider>/<int:pk>/conectar/", views.connect, name="connect"),
]
