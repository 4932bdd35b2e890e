from django.urls import path

from webhooks import api, place_views, views

app_name = "webhooks"

_INBOX = "o/<slug:slug>/notificacoes/"

urlpatterns = [
    path(_INBOX, views.receipt_list, name="list"),
    path(f"{_INBOX}<int:receipt_id>/", views.receipt_detail, name="detail"),
    path(f"{_INBOX}<int:receipt_id>/baixar/", views.receipt_body, name="body"),
    path(f"{_INBOX}<int:receipt_id>/reprocessar/", views.receipt_replay, name="replay"),
    path(f"{_INBOX}escolhidas/", views.act_on_chosen, name="act"),
    path(f"{_INBOX}reprocessar/", views.replay_plan, name="plan"),
    path(f"{_INBOX}reprocessar/<int:run_id>/", views.replay_run, name="run"),
    path(
        "o/<slug:slug>/integracoes/erp/nativos/<slug:provider>/<int:pk>/notificacoes/",
        place_views.places,
        name="places",
    ),
    path(
        "o/<slug:slug>/integracoes/erp/nativos/<slug:provider>/<int:pk>/notificacoes/testar/",
        place_views.try_out,
        name="try",
    ),
    # /webhooks/<provider>/<key>/, and whatever else is tried there: it is all answered alike.
    path("webhooks/<path:address>", api.receive, name="receive"),
]
