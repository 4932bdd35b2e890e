"""Who may use a resource of the REST API: the holder of a token with the scope that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_tokens import authenticate_token
from accounts.models import ApiToken, Scope, User
from accounts.tenancy import tenant
from ui.openapi import Operation, OperationSchema, describe_api
from ui.rest import MISSING_SCOPE, Problem, StrictJSONParser, answer_problem

Method = Callable[..., Response]


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer ent_live_…``; the request's ``user`` is the system, its ``auth`` the token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken]:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        address = request.META.get("REMOTE_ADDR") or None
        found = authenticate_token(token.strip(), address=address) if scheme.lower() == "bearer" else None
        if found is None:
            raise AuthenticationFailed
        membership, api_token = found
        return membership.user, api_token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Entreposto"'


class Resource(APIView):
    """A resource of the API: tokens and JSON, no sessions, no pages. What is no method of it is 405."""

    http_method_names = ["get", "head", "post", "patch"]
    authentication_classes = [TokenAuthentication]
    # Each method names the scope that it asks for.
    permission_classes: list[Any] = []
    parser_classes = [StrictJSONParser]
    schema: OperationSchema | None = OperationSchema()

    def get_exception_handler(self) -> Callable[..., Response]:
        return answer_problem


class OpenApiDocument(Resource):
    """What all resources take and answer, for machines and without a token."""

    authentication_classes: list[Any] = []
    # It does not tell of itself.
    schema = None

    def get(self, request: Request) -> Response:
        return Response(describe_api())


class UnknownAddress(Resource):
    """Under the API's prefix an address of nothing is a problem in JSON, too, and no redirection."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


def token_method(scope: Scope, operation: Operation) -> Callable[[Method], Method]:
    """Run a method of a resource inside ``with tenant(...)`` of the token, if that has the scope.

    ``operation`` is what the OpenAPI document says of it.

    The scope is opened here and not around the whole request, where the framework has already turned an
    exception into a response and the transaction would commit.
    """

    def decorate(method: Method) -> Method:
        @wraps(method)
        def wrapper(resource: Any, request: Request, **kwargs: Any) -> Response:
            require_scope(request, scope)
            with tenant(request.auth.organization_id):
                return method(resource, request, **kwargs)

        wrapper.operation, wrapper.scope = operation, scope  # type: ignore[attr-defined]
        return wrapper

    return decorate


def require_scope(request: Request, scope: Scope) -> None:
    """Raises ``Problem`` if the token has not the scope."""
    if scope not in request.auth.scopes:
        raise Problem(MISSING_SCOPE, f"Este token não tem a permissão «{scope.label}» ({scope.value}).")
