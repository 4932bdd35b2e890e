"""Integrations: what talks to the ERP. Outside any transaction, then one service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings

from accounts import clock, gateways
from accounts.models import Membership, Perfil, User
from accounts.tenancy import tenant
from contracts.errors import AuthenticationFailed, ErpError, PermissionMissing
from contracts.provider import ErpProtocol, Provider
from contracts.records import CheckState, CheckStep, ErpAccount, TokenGrant
from history.services import acting_as
from integrations import credentials, registry, services
from integrations.credentials import IntegrationContext
from integrations.models import ConnectionTest, Credential, Integration, IntegrationState
from integrations.services import Authorization, AuthorizationRejected
from jobs.errors import JobPostponed
from jobs.runner import JobContext
from jobs.selectors import is_paused

# How soon to look again whether the protocol in use has been proven.
PROOF_PAUSE = dt.timedelta(minutes=1)


@contextmanager
def reach(job: JobContext, integration: Integration) -> Iterator[tuple[Provider, IntegrationContext]]:
    """The ERP by the integration's protocol; what its block records is recorded in the name of its user."""
    with tenant(job.organization_id):
        author = integration.author
        name = author.user.name if author else ""
    with acting_as(name):
        yield (
            registry.get_provider(integration.provider),
            IntegrationContext(integration, job_id=job.id),
        )


@contextmanager
def reach_proven(job: JobContext, integration: Integration) -> Iterator[tuple[Provider, IntegrationContext]]:
    """``reach`` for what rests on identifiers that we keep, once the protocol in use is proven to know them.

    ``orders.sync.reaching.reach`` proves it, at the latest with the poll that every connection begins with.
    """
    if integration.proven_protocol != integration.protocol:
        # Nothing failed, so nothing may count as a failure.
        raise JobPostponed(clock.now() + PROOF_PAUSE)
    with reach(job, integration) as reached:
        yield reached


def renew_token(job: JobContext) -> None:
    """Keep the connection alive: a refresh token that is not used for a day is dead."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if not registry.get_protocol(integration.provider, integration.protocol).is_oauth:
            return
        credential = Credential.objects.get(integration=integration)
        seen = credential.get_secret("access_token")
        renewed_at = credential.renewed_at
    early = dt.timedelta(seconds=settings.TOKEN_RENEWAL_SECONDS * 0.75)
    if renewed_at is None or renewed_at < clock.now() - early:
        credentials.renew_token(integration, seen=seen)


def mark_disconnected(job: JobContext) -> None:
    """The runner met a dead credential on an integration's channel and paused it."""
    channel = str(job.payload["channel"])
    with tenant(job.organization_id):
        if not is_paused(channel):
            # Somebody connected again before this job had its turn.
            return
        _, _, integration_id = channel.partition(":")
        integration = Integration.objects.filter(pk=int(integration_id)).first()
        if integration and integration.state == IntegrationState.CONNECTED:
            services.disconnect(
                integration=integration,
                code=str(job.payload["reason_code"]),
                params=job.payload.get("reason_params") or {},
            )


def finish_authorization(*, user: User, state: str, code: str, error: str) -> Integration:
    """What the ERP's redirect brought, to the end: connected, or ``AuthorizationRejected`` with a reason.

    Every refusal that concerns an integration is written into its history.
    """
    ids = gateways.oauth_state(services.hash_nonce(services.read_state(state)))
    if ids is None:
        raise AuthorizationRejected("integration.state_invalid")
    with tenant(ids.organization_id):
        authorization = services.use_state(state_id=ids.state_id, user_id=user.pk)
    try:
        if authorization.refusal:
            raise AuthorizationRejected(authorization.refusal)
        if error or not code:
            denied = error == "access_denied"
            raise AuthorizationRejected(
                "integration.authorization_denied" if denied else "integration.authorization_failed"
            )
        grant = _exchange(authorization, code)
        account = _read_account(authorization.integration, grant)
        with tenant(ids.organization_id):
            return services.record_connection(
                integration_id=authorization.integration.pk,
                grant=grant,
                account=account,
                person=authorization.membership,
            )
    except AuthorizationRejected as rejection:
        is_other_person = rejection.code == "integration.state_of_other_person"
        if not is_other_person:
            rejection.integration = authorization.integration
        explanation = registry.explain(rejection.code, rejection.params, authorization.integration.provider)
        with tenant(ids.organization_id):
            services.record_refusal(
                integration=authorization.integration,
                rejection=explanation.title,
                person=None if is_other_person else authorization.membership,
            )
        raise


def test_connection(job: JobContext) -> None:
    """«Testar» as a job, so that the person sees each step as it ends."""
    with tenant(job.organization_id):
        test = ConnectionTest.objects.select_related("integration").get(pk=int(job.key))
    steps: list[CheckStep] = []
    for step in check_connection(test.integration):
        steps.append(step)
        with tenant(job.organization_id):
            services.record_test(test_id=test.pk, steps=steps, is_finished=False)
            job.save_step()
    if _connects_by_test(test.integration) and not any(step.is_fatal for step in steps):
        steps.append(_connect_by_token(test))
    with tenant(job.organization_id):
        services.record_test(test_id=test.pk, steps=steps, is_finished=True)


def _connects_by_test(integration: Integration) -> bool:
    """A pasted token has no consent page: the first good test is its connection."""
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    return not protocol.is_oauth and integration.state != IntegrationState.CONNECTED


def _connect_by_token(test: ConnectionTest) -> CheckStep:
    integration = test.integration
    step = CheckStep("connection", "Conexão", CheckState.OK)
    with tenant(integration.organization_id):
        person = Membership.objects.select_related("user").get(pk=test.membership_id)
    if not person.is_active or person.perfil != Perfil.ADMIN:
        return replace(
            step,
            state=CheckState.WARNING,
            detail="O acesso está certo, mas só um Administrador pode conectar.",
            remedy="Peça a um Administrador da sua empresa para clicar em Conectar.",
        )
    context = credentials.UrgentContext(integration)
    try:
        token = context.access_token()
        account = registry.get_provider(integration.provider).get_account(context)
        with tenant(integration.organization_id):
            services.record_connection(
                integration_id=integration.pk, grant=None, account=account, person=person, token=token
            )
    except (ErpError, AuthorizationRejected) as error:
        return _fail(step, error, integration)
    return replace(step, detail=f"Conectado à conta {account.name}. A leitura dos pedidos começou sozinha.")


def check_connection(integration: Integration) -> Iterator[CheckStep]:
    """Every step of «Testar»; what a fatal step leaves out comes as «not checked»."""
    provider = registry.get_provider(integration.provider)
    protocol = registry.get_protocol(integration.provider, integration.protocol)
    with tenant(integration.organization_id):
        credential = Credential.objects.get(integration=integration)
    first = _check_fields(protocol, credential)
    if not first.is_fatal:
        first = _check_author(integration, first)
    yield first
    stopped = first.is_fatal
    done = 0
    if not stopped:
        context = credentials.UrgentContext(integration)
        for step in provider.check_connection(context, account_document=integration.account_document):
            done += 1
            yield step
    for key, title in protocol.checks[done:]:
        yield CheckStep(key, title, CheckState.NOT_CHECKED, "Não verificado.")


def _check_author(integration: Integration, step: CheckStep) -> CheckStep:
    """``step``, or why nothing may be done in the name of this integration's user."""
    try:
        credentials.refuse_inactive_author(integration)
    except AuthenticationFailed as error:
        return _fail(step, error, integration)
    return step


def _fail(step: CheckStep, error: ErpError | AuthorizationRejected, integration: Integration) -> CheckStep:
    """The step with what went wrong, and what to do about it."""
    explanation = registry.explain(error.code, error.params, integration.provider)
    return replace(
        step,
        state=CheckState.FAILURE,
        detail=f"{explanation.title}.",
        remedy=explanation.detail,
        action=explanation.action,
        is_fatal=True,
    )


def _check_fields(protocol: ErpProtocol, credential: Credential) -> CheckStep:
    """Whether there is anything to test with."""
    missing = [
        field.label
        for field in protocol.credential_fields
        if field.is_required and not getattr(credential, field.name)
    ]
    step = CheckStep("fields", "Dados preenchidos", CheckState.OK, "Todos os campos estão preenchidos.")
    if missing:
        return replace(
            step,
            state=CheckState.FAILURE,
            detail=f"Falta preencher: {', '.join(missing)}.",
            remedy="Copie o que falta do painel do Tiny e salve.",
            action="edit_credentials",
            is_fatal=True,
        )
    if protocol.is_oauth and not credential.refresh_token:
        return replace(
            step,
            state=CheckState.FAILURE,
            detail="Esta integração ainda não foi autorizada no Tiny.",
            remedy="Clique em Conectar e confirme as permissões no Tiny.",
            action="connect",
            is_fatal=True,
        )
    return step


def _exchange(authorization: Authorization, code: str) -> TokenGrant:
    integration = authorization.integration
    with tenant(integration.organization_id):
        credential = Credential.objects.get(integration=integration)
        app = credentials.oauth_app(credential, integration.provider)
    endpoints = registry.get_endpoints(integration.provider, integration.protocol)
    flow = registry.get_provider(integration.provider).oauth(endpoints)
    try:
        return flow.exchange(app, code=code, code_verifier=authorization.code_verifier)
    except ErpError as error:
        raise AuthorizationRejected(error.code, error.params) from error


def _read_account(integration: Integration, grant: TokenGrant) -> ErpAccount:
    """Nothing runs until the CNPJ is known: it is the account's identity."""
    context = credentials.AuthorizingContext(integration, grant)
    try:
        account = registry.get_provider(integration.provider).get_account(context)
    except PermissionMissing as error:
        raise AuthorizationRejected("integration.account_permission_missing") from error
    except ErpError as error:
        raise AuthorizationRejected(error.code, error.params) from error
    if not account.document:
        raise AuthorizationRejected("integration.account_without_document")
    return account
