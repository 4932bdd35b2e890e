"""Integrations: writes. Every function runs inside the caller's ``tenant`` and makes no HTTP call."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F

from accounts import clock
from accounts.models import Membership, Perfil
from contracts.records import CheckStep, ErpAccount, TokenGrant
from history.models import Source
from history.services import record
from integrations import credentials, polling, registry
from integrations.cursors import write_cursor
from integrations.models import ConnectionTest, Credential, Integration, IntegrationState, OAuthState
from jobs import queue
from jobs.queue import Priority, Reason

# The salesperson of an order is not at the ERP, and the order may not go without.
SELLER_UNKNOWN = "orders.seller_unknown"
STATE_SALT = "integrations.oauth"
STATE_LIFETIME = dt.timedelta(minutes=15)
SUBJECT = "integration"


class AuthorizationRejected(Exception):
    """The authorisation cannot be accepted. ``code`` has a sentence.

    ``integration`` is set once it is known that the person who came back may see it.
    """

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})
        self.integration: Integration | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose for an integration. A secret that stays blank in ``credentials`` is kept.

    ``credentials`` are by name the ``credential_fields`` of the protocol.
    """

    provider: str
    protocol: str
    name: str
    credentials: Mapping[str, str]
    send_statuses: Sequence[str] = ()
    sends_seller: bool = False
    seller_is_optional: bool = False
    author: Membership | None = None


@transaction.atomic
def save_integration(*, integration: Integration | None, chosen: Choices, person: Membership) -> Integration:
    """Create or change an integration. One whose access is another now stops until that is proven."""
    is_new = integration is None
    if integration is None:
        integration = Integration(provider=chosen.provider, protocol=chosen.protocol, created_at=clock.now())
    else:
        # A worker may have disconnected it, or polled, since the form was shown.
        integration = Integration.objects.select_for_update().get(pk=integration.pk)
    is_other_protocol = integration.protocol != chosen.protocol
    was_stopped = integration.stops_for_seller
    integration.name = chosen.name
    integration.protocol = chosen.protocol
    integration.author = chosen.author
    integration.send_statuses = list(chosen.send_statuses)
    integration.sends_seller = chosen.sends_seller
    integration.seller_is_optional = chosen.seller_is_optional
    integration.save()
    if was_stopped and not integration.stops_for_seller:
        queue.release_channel(SELLER_UNKNOWN, channel=integration.channel)
    reason = _save_credentials(integration, chosen)
    if is_other_protocol:
        reason = "integration.other_protocol"
    _record(integration, "integration.created" if is_new else "integration.saved", person=person)
    if reason and integration.state == IntegrationState.CONNECTED:
        disconnect(integration=integration, code=reason)
    return integration


TAILS = {"client_secret": "secret_tail", "token": "token_tail"}


def _save_credentials(integration: Integration, chosen: Choices) -> str:
    """Store them; why the access that stands is no longer the one that was proven, or ``""``."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    credential = Credential.objects.select_for_update().filter(integration=integration).first()
    if credential is None:
        credential = Credential(integration=integration)
    reason = ""
    for field in protocol.credential_fields:
        value = chosen.credentials.get(field.name, "")
        if not field.is_secret:
            if field.name == "client_id" and credential.client_id not in ("", value):
                reason = "integration.other_application"
            setattr(credential, field.name, value)
        elif value:
            # Behind another token may be another account; another secret is of the same application.
            if not protocol.is_oauth and value != credential.get_secret(field.name):
                reason = "integration.other_token"
            credential.set_secret(field.name, value)
            setattr(credential, TAILS[field.name], value[-4:])
    if not protocol.is_oauth:
        # Tokens of a protocol that is no longer used would die unrenewed, and be missed.
        credential.access_token = credential.refresh_token = ""
        credential.access_expires_at = credential.refresh_expires_at = credential.renewed_at = None
    credential.save()
    return reason


def read_again(*, integration: Integration) -> None:
    """Start the reading over: orders that were passed over may have their place now.

    The mark also tells a reading that is under way that its end is not the end of this one.
    """
    write_cursor(integration.pk, "orders", {"restarted_at": clock.now().isoformat()})
    _poll_now(integration)


def _poll_now(integration: Integration) -> None:
    queue.enqueue(
        "pull_orders",
        channel=integration.channel,
        key=str(integration.pk),
        lock="pull_orders",
        priority=Priority.PERSON,
    )


@transaction.atomic
def begin_authorization(*, integration: Integration, membership: Membership) -> str:
    """The ERP's address where the person authorises us. What comes back is checked by ``use_state``."""
    provider = registry.get_provider(integration.provider)
    credential = Credential.objects.get(integration=integration)
    app = credentials.oauth_app(credential, integration.provider)
    OAuthState.objects.filter(created_at__lt=clock.now() - dt.timedelta(days=1)).delete()
    nonce, code_verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    state = OAuthState(
        integration=integration,
        membership=membership,
        nonce_hash=hash_nonce(nonce),
        redirect_uri=app.redirect_uri,
        created_at=clock.now(),
    )
    state.set_secret("code_verifier", code_verifier)
    state.save()
    flow = provider.oauth(registry.get_endpoints(integration.provider, integration.protocol))
    return flow.authorize_url(app, state=signing.dumps(nonce, salt=STATE_SALT), code_verifier=code_verifier)


def read_state(token: str) -> str:
    """The nonce of a ``state`` that we signed. Raises ``AuthorizationRejected`` for any other."""
    try:
        return str(signing.loads(token, salt=STATE_SALT))
    except signing.BadSignature as error:
        raise AuthorizationRejected("integration.state_invalid") from error


def hash_nonce(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Authorization:
    """A state that came back: whose it is, what the exchange needs, or why it is refused."""

    integration: Integration
    membership: Membership
    code_verifier: str = ""
    refusal: str = ""


@transaction.atomic
def use_state(*, state_id: int, user_id: int) -> Authorization:
    """Spend the state, once, by the person who began it. With a ``refusal`` nothing was spent."""
    state = OAuthState.objects.select_for_update().get(pk=state_id)
    integration = Integration.objects.get(pk=state.integration_id)
    membership = Membership.objects.select_related("user").get(pk=state.membership_id)
    may_connect = membership.is_active and membership.perfil == Perfil.ADMIN
    if membership.user_id != user_id or not may_connect:
        return Authorization(integration, membership, refusal="integration.state_of_other_person")
    if state.used_at is not None or state.created_at < clock.now() - STATE_LIFETIME:
        return Authorization(integration, membership, refusal="integration.state_invalid")
    code_verifier = state.get_secret("code_verifier")
    state.used_at = clock.now()
    state.code_verifier = ""
    state.save(update_fields=["used_at", "code_verifier"])
    return Authorization(integration, membership, code_verifier)


@transaction.atomic
def record_connection(
    *,
    integration_id: int,
    grant: TokenGrant | None,
    account: ErpAccount,
    person: Membership,
    token: str = "",
) -> Integration:
    """Accept the account that was authorised, keep its tokens and start everything that waits.

    ``grant`` is ``None`` where the access is ``token``, which a person pasted.

    Raises ``AuthorizationRejected`` when it is another account than before, or one that another
    integration of this organization has already.
    """
    # All of them, so that of two that connect the same account at once the second one sees the first.
    connections = {row.pk: row for row in Integration.objects.select_for_update().order_by("id")}
    integration: Integration = connections[integration_id]
    if integration.account_document not in ("", account.document):
        raise AuthorizationRejected(
            "integration.other_account", {"name": account.name, "former": integration.account_name}
        )
    for other in connections.values():
        identity = (other.provider, other.account_document)
        if other.pk != integration.pk and identity == (integration.provider, account.document):
            raise AuthorizationRejected("integration.account_taken", {"name": other.name})
    credential = Credential.objects.select_for_update().get(integration=integration)
    is_oauth = registry.get_protocol(integration.provider, integration.protocol).is_oauth
    if is_oauth != (grant is not None) or (grant is None and token != credential.get_secret("token")):
        # Somebody saved another access while this one was being proven.
        raise AuthorizationRejected("integration.changed_meanwhile")
    author = integration.author
    if author is not None and not author.is_active:
        raise AuthorizationRejected("integration.author_inactive", {"name": author.user.name})
    if grant is not None:
        credentials.store_grant(credential, grant)
    integration.account_document = account.document
    integration.account_name = account.name
    integration.state = IntegrationState.CONNECTED
    integration.connected_at = clock.now()
    integration.disconnected_at = None
    integration.disconnect_code = ""
    integration.disconnect_params = {}
    integration.save()
    _record(integration, "integration.connected", {"account": account.name}, person=person)
    start_work(integration=integration)
    if grant is not None:
        request_test(integration=integration, person=person, is_needed=True)
    return integration


def start_work(*, integration: Integration) -> None:
    """Let the channel run, poll at once and from then on, and keep the token alive."""
    channel, key = integration.channel, str(integration.pk)
    queue.set_budget(channel, integration.budget_key)
    queue.resume_channel(channel)
    polling.schedule_orders(integration)
    queue.set_schedule(
        channel,
        "sweep_orders",
        key,
        settings.SWEEP_SECONDS,
        next_at=clock.now() + dt.timedelta(seconds=settings.SWEEP_SECONDS),
        lock="pull_orders",
    )
    if registry.get_protocol(integration.provider, integration.protocol).is_oauth:
        _schedule_renewal(integration)
    else:
        queue.delete_schedule(channel, "renew_token", key)
    _poll_now(integration)


def _schedule_renewal(integration: Integration) -> None:
    # Each integration at a moment of its own, or all that connected in one morning would renew at once.
    spread = settings.TOKEN_RENEWAL_SECONDS * (0.8 + 0.2 * secrets.randbelow(1000) / 1000)
    queue.set_schedule(
        integration.channel,
        "renew_token",
        str(integration.pk),
        settings.TOKEN_RENEWAL_SECONDS,
        next_at=clock.now() + dt.timedelta(seconds=spread),
        priority=Priority.TOKEN,
    )


@transaction.atomic
def disconnect(*, integration: Integration, code: str, params: Mapping[str, str] | None = None) -> None:
    """«Desconectado»: nothing runs and nothing is lost until a person connects again."""
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if integration.state == IntegrationState.DISCONNECTED:
        return
    integration.state = IntegrationState.DISCONNECTED
    integration.disconnected_at = clock.now()
    integration.disconnect_code = code
    integration.disconnect_params = dict(params or {})
    integration.save()
    if code == credentials.LOST_GRANT:
        Credential.objects.filter(integration=integration).update(lost_grants=F("lost_grants") + 1)
    queue.pause_channel(integration.channel, Reason(code, integration.disconnect_params))
    explanation = registry.explain(code, integration.disconnect_params, integration.provider)
    _record(integration, "integration.disconnected", {"reason": explanation.title})


def record_refusal(*, integration: Integration, rejection: str, person: Membership | None) -> None:
    """An authorisation that did not come about leaves its line too. ``person`` is who began it."""
    _record(integration, "integration.authorization_refused", {"reason": rejection}, person=person)


TEST_PAUSE = dt.timedelta(seconds=10)


@transaction.atomic
def request_test(*, integration: Integration, person: Membership, is_needed: bool = False) -> ConnectionTest:
    """«Testar»: at most one every ten seconds; the one of just now is given again instead.

    ``is_needed``: what that one found is out of date, because the connection changed.
    """
    Integration.objects.select_for_update().get(pk=integration.pk)
    newest: ConnectionTest | None = (
        ConnectionTest.objects.filter(integration=integration).order_by("-requested_at").first()
    )
    if newest is not None and newest.requested_at > clock.now() - TEST_PAUSE and not is_needed:
        return newest
    test: ConnectionTest = ConnectionTest.objects.create(
        integration=integration,
        requested_by=person.user.name,
        membership=person,
        requested_at=clock.now(),
    )
    # A channel of its own: a test must run while the integration's is paused.
    queue.enqueue(
        "test_connection", channel=f"test:{integration.pk}", key=str(test.pk), priority=Priority.PERSON
    )
    return test


def record_test(*, test_id: int, steps: Sequence[CheckStep], is_finished: bool) -> None:
    """What the test found so far."""
    ConnectionTest.objects.filter(pk=test_id).update(
        steps=[asdict(step) for step in steps], finished_at=clock.now() if is_finished else None
    )


def _record(
    integration: Integration,
    code: str,
    params: Mapping[str, object] | None = None,
    *,
    person: Membership | None = None,
) -> None:
    record(
        subject_kind=SUBJECT,
        subject_id=integration.pk,
        code=code,
        params=params,
        source=Source.PERSON if person else Source.PLATFORM,
        person=person.user.name if person else "",
    )
