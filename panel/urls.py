from django.urls import path

from panel import views

app_name = "panel"

urlpatterns = [
    path("saude/", views.health, name="health"),
    path("o/<slug:slug>/erros/", views.errors, name="errors"),
    path("o/<slug:slug>/erros/<int:job_id>/tentar-de-novo/", views.retry, name="retry"),
]
