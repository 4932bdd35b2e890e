from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.home, name="home"),
    path("entrar/", views.LoginView.as_view(), name="login"),
    path("sair/", views.LogoutView.as_view(), name="logout"),
    path("organizacoes/", views.organizations, name="organizations"),
    path("convite/<str:token>/", views.set_password, name="set_password"),
    path("o/<slug:slug>/usuarios/", views.users, name="users"),
    path("o/<slug:slug>/usuarios/incluir/", views.include_user, name="include_user"),
    path("o/<slug:slug>/usuarios/<int:member_id>/", views.user, name="user"),
    path("o/<slug:slug>/usuarios/<int:member_id>/desativar/", views.deactivate, name="deactivate"),
    path("o/<slug:slug>/usuarios/<int:member_id>/reativar/", views.reactivate, name="reactivate"),
    path("o/<slug:slug>/usuarios/<int:member_id>/link/", views.create_link, name="create_link"),
    path("o/<slug:slug>/usuarios/<int:member_id>/tokens/novo/", views.create_token, name="create_token"),
    path(
        "o/<slug:slug>/usuarios/<int:member_id>/tokens/<int:token_id>/revogar/",
        views.revoke_token,
        name="revoke_token",
    ),
    path("o/<slug:slug>/config/loja/", views.edit_shop, name="shop"),
]
