"""Tokens of integrations: who may use one, when it is renewed, and the context that plug-ins get."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import Error, OperationalError, connection, transaction
from django.urls import reverse

from accounts import clock
from accounts.models import Membership
from accounts.tenancy import tenant
from contracts.errors import AuthenticationFailed, TemporaryError
from contracts.http import HttpClient
from contracts.provider import OAuthApp, SlotKind
from contracts.records import CallRecord, TokenGrant
from integrations import registry
from integrations.models import Credential, Integration, IntegrationState
from jobs import budgets, calls
from jobs.errors import JobPostponed

logger = logging.getLogger(__name__)

# A token that ends within this time could die on the way.
EXPIRY_MARGIN = dt.timedelta(minutes=5)
LOST_GRANT = "integration.renewal_lost"
# With the account's other calls this stays below four a second.
URGENT_SPACING_SECONDS = 0.5
# Any number of our own.
RENEWAL_LOCKS = 7_260_011
# Longer than a call to the token endpoint may take.
RENEWAL_PATIENCE = "25s"
# Errors after which the server may have answered all the same.
UNANSWERED = frozenset({"http.timeout", "http.interrupted"})


def redirect_uri(provider_key: str) -> str:
    """The one address that the seller registers at the ERP; it must be equal to the letter everywhere."""
    return str(settings.PUBLIC_URL) + reverse("integrations:oauth_return", args=[provider_key])


def oauth_app(credential: Credential, provider_key: str) -> OAuthApp:
    return OAuthApp(
        client_id=credential.client_id,
        client_secret=credential.get_secret("client_secret"),
        redirect_uri=redirect_uri(provider_key),
    )


def store_grant(credential: Credential, grant: TokenGrant) -> None:
    """Persist a pair of tokens. Without a new refresh token the old one holds on."""
    now = clock.now()
    credential.set_secret("access_token", grant.access_token)
    if grant.refresh_token:
        credential.set_secret("refresh_token", grant.refresh_token)
    credential.access_expires_at = now + dt.timedelta(seconds=grant.expires_in)
    credential.refresh_expires_at = now + dt.timedelta(seconds=grant.refresh_expires_in)
    credential.renewed_at = now
    credential.renewal_started_at = None
    credential.save()
    for warning in grant.warnings:
        logger.warning("integration %s: %s", credential.integration_id, warning)


def refuse_inactive_author(integration: Integration) -> None:
    """Nothing is read or written in the name of a user who was deactivated."""
    if integration.author_id is None:
        return
    with tenant(integration.organization_id):
        author = Membership.objects.select_related("user").get(pk=integration.author_id)
    if not author.is_active:
        raise AuthenticationFailed("integration.author_inactive", {"name": author.user.name})


def read_token(integration: Integration, *, needs_connection: bool) -> str:
    """The token that a person pasted: it holds until the ERP refuses it.

    With ``needs_connection`` only one whose account is proven: the person may have pasted another while a
    job runs. Raises ``AuthenticationFailed``.
    """
    with tenant(integration.organization_id):
        credential = Credential.objects.select_related("integration").get(integration=integration)
        token: str = credential.get_secret("token")
    now = credential.integration
    is_proven = now.state == IntegrationState.CONNECTED and now.protocol == integration.protocol
    if needs_connection and not is_proven:
        raise AuthenticationFailed("integration.other_token")
    return token


def current_token(integration: Integration, *, refused: str = "") -> str:
    """An access token that holds. ``refused`` is one that the ERP has just answered 401 to.

    Raises ``AuthenticationFailed`` or ``TemporaryError``.
    """
    with tenant(integration.organization_id):
        credential: Credential = Credential.objects.get(integration=integration)
        token = credential.get_secret("access_token")
        if token != refused and _holds(credential):
            return token
    return renew_token(integration, seen=token)


def renew_token(integration: Integration, *, seen: str) -> str:
    """Replace the access token ``seen``, once, whoever asks: all others wait for the row and find it done.

    The row stays locked during the one call to the token endpoint, because two renewals with the same
    refresh token would end the connection; it is the only HTTP call inside a transaction.

    Raises ``TemporaryError``, or ``AuthenticationFailed``: then only a person can connect again.
    """
    with _one_renewal_at_a_time(integration.pk):
        was_cut_off = _announce_renewal(integration, seen)
        try:
            return _renew(integration, seen)
        except AuthenticationFailed as error:
            # A refresh token is good for one call. Cut off between the answer and its storing, that call left
            # us with a spent one: the only way to lose a grant, so it is named and counted.
            is_lost = was_cut_off and error.code != "integration.never_authorized"
            if not is_lost:
                # A lost one stays lost for the next who asks: the first may be «Testar», which ends nothing.
                _forget_renewal(integration)
            raise AuthenticationFailed(LOST_GRANT if is_lost else error.code, error.params) from error
        except TemporaryError as error:
            if error.code not in UNANSWERED:
                _forget_renewal(integration)
            raise


@contextmanager
def _one_renewal_at_a_time(integration_id: int) -> Iterator[None]:
    """From the announcement to the end of the call, across processes; gone with the process that dies.

    Else a call that is cut off between another one's announcement and its turn would not be seen.
    """
    lock = [RENEWAL_LOCKS, integration_id % 2**31]
    # One that froze holds it for ever: then the row's own lock must do.
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [RENEWAL_PATIENCE])
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", lock)
    try:
        yield
    finally:
        # A connection that broke has no lock any more.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock)


def _announce_renewal(integration: Integration, seen: str) -> bool:
    """Commit that a call is coming; whether an earlier one was announced and never ended."""
    with tenant(integration.organization_id):
        credential: Credential = Credential.objects.select_for_update().get(integration=integration)
        was_cut_off = credential.renewal_started_at is not None
        if credential.get_secret("access_token") == seen:
            credential.renewal_started_at = clock.now()
            credential.save(update_fields=["renewal_started_at"])
    return was_cut_off


def _forget_renewal(integration: Integration) -> None:
    """The server answered, and gave nothing: no grant is on its way."""
    with tenant(integration.organization_id):
        Credential.objects.filter(integration=integration).update(renewal_started_at=None)


def _renew(integration: Integration, seen: str) -> str:
    provider = registry.get_provider(integration.provider)
    with tenant(integration.organization_id):
        credential: Credential = Credential.objects.select_for_update().get(integration=integration)
        token = credential.get_secret("access_token")
        if token != seen:
            return token
        refresh_token = credential.get_secret("refresh_token")
        if not refresh_token:
            raise AuthenticationFailed("integration.never_authorized")
        flow = provider.oauth(registry.get_endpoints(integration.provider, integration.protocol))
        grant = flow.refresh(oauth_app(credential, integration.provider), refresh_token=refresh_token)
        store_grant(credential, grant)
    return grant.access_token


def _holds(credential: Credential) -> bool:
    expires_at = credential.access_expires_at
    return expires_at is not None and expires_at > clock.now() + EXPIRY_MARGIN


class IntegrationContext:
    """The ``ProviderContext`` of one integration. Use outside any transaction: it makes HTTP calls."""

    needs_connection = True

    def __init__(self, integration: Integration, *, job_id: int | None = None) -> None:
        self.integration = integration
        self.protocol = integration.protocol
        self.http = HttpClient()
        self.endpoints = registry.get_endpoints(integration.provider, integration.protocol)
        self._job_id = job_id
        self._handed_out = ""
        self._kind: SlotKind = "read"

    def access_token(self, *, force: bool = False) -> str:
        refuse_inactive_author(self.integration)
        if registry.get_protocol(self.integration.provider, self.protocol).is_oauth:
            self._handed_out = current_token(self.integration, refused=self._handed_out if force else "")
        else:
            self._handed_out = read_token(self.integration, needs_connection=self.needs_connection)
        return self._handed_out

    def take_slot(self, kind: SlotKind) -> None:
        self._kind = kind
        budgets.take_slot(self.integration.budget_key, kind)

    def observe(self, headers: Mapping[str, str]) -> None:
        budgets.observe(self.integration.budget_key, self._kind, headers)

    def log_call(self, call: CallRecord) -> None:
        with tenant(self.integration.organization_id):
            calls.record_call(self.integration.channel, call, job_id=self._job_id)

    def now(self) -> dt.datetime:
        return clock.now()


class UrgentContext(IntegrationContext):
    """A person waits for these few calls: the account's limit may make them wait, not send them away.

    They may prove an access by which nothing else runs yet.
    """

    needs_connection = False

    def take_slot(self, kind: SlotKind) -> None:
        self._kind = kind
        try:
            budgets.take_slot(self.integration.budget_key, kind, gives_way=False)
        except JobPostponed:
            # Past the minute's pace, and yet not past the second's.
            time.sleep(URGENT_SPACING_SECONDS)


class AuthorizingContext(UrgentContext):
    """The context between the exchange of a code and the moment when the account is known to be right."""

    def __init__(self, integration: Integration, grant: TokenGrant) -> None:
        super().__init__(integration)
        self._grant = grant

    def access_token(self, *, force: bool = False) -> str:
        return self._grant.access_token
