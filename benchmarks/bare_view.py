from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = (
    "CREATE TABLE IF NOT EXISTS bare_receipt (id bigserial PRIMARY KEY, received_at timestamptz, body bytea)"
)


def insert(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bare_receipt (received_at, body) VALUES (clock_now(), %s)", [request.body]
        )
    headers = {"Content-Type": "application/json", "Content-Length": "12"}
    return HttpResponse(b'{"ok": true}', headers=headers)


urlpatterns = [path("bare/", insert)]
