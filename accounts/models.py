"""People, companies and who may do what in which company."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from accounts.tenancy import TenantModel

API_TOKEN_PREFIX = "ent_live_"  # noqa: S105  what every token begins with


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person or a system. Global: one e-mail may belong to several organizations."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    objects = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_lower")]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


DEFAULT_SHOP_COLOUR = "#2b4acb"


class Organization(models.Model):
    """A company: the tenant. Its row-level policy is on its own ``id``.

    The ``shop_*`` fields are what its buyers are told (``accounts.shop``): ``shop_name`` is ``""`` where they
    know it by ``name``, the colour is ``#rrggbb``, telephones are digits without +55.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    cnpj = models.CharField(max_length=14, blank=True)
    created_at = models.DateTimeField()
    # PostgreSQL knows the defaults too: while a new version is installed, the old one makes companies.
    shop_name = models.CharField(max_length=80, blank=True, default="", db_default="")
    shop_colour = models.CharField(max_length=7, default=DEFAULT_SHOP_COLOUR, db_default=DEFAULT_SHOP_COLOUR)
    shop_phone = models.CharField(max_length=11, blank=True, default="", db_default="")
    shop_whatsapp = models.CharField(max_length=11, blank=True, default="", db_default="")
    shop_email = models.CharField(max_length=254, blank=True, default="", db_default="")
    shop_site = models.CharField(max_length=200, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in words[:2]).upper()


class Perfil(models.TextChoices):
    """What a membership may do (see ``accounts.permissions``)."""

    ADMIN = "admin", "Administrador"
    OPERATOR = "operator", "Operador"
    VIEWER = "viewer", "Consulta"
    INTEGRATION = "integration", "Integração"


PEOPLE = (Perfil.ADMIN, Perfil.OPERATOR, Perfil.VIEWER)


class Membership(TenantModel):
    """A person's place in one organization. One of perfil Integração is its user's only one."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    perfil = models.CharField(max_length=20, choices=Perfil)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="accounts_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_perfil_display()})"


class PasswordLink(TenantModel):
    """A link with which a person sets the password, once. The row goes when it is used or replaced."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, db_constraint=False, related_name="password_links"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "membership"], name="accounts_passwordlink_one_per_member"
            )
        ]

    def __str__(self) -> str:
        return f"link of membership {self.membership_id}"


class Scope(models.TextChoices):
    """What an API token may do."""

    READ_ORDERS = "orders:read", "Ler pedidos"
    WRITE_ORDERS = "orders:write", "Escrever pedidos"
    READ_PRODUCTS = "products:read", "Ler produtos"
    WRITE_PRODUCTS = "products:write", "Escrever produtos"
    READ_CUSTOMERS = "customers:read", "Ler clientes"
    WRITE_CUSTOMERS = "customers:write", "Escrever clientes"
    READ_STOCK = "stock:read", "Ler estoque e preço"
    WRITE_STOCK = "stock:write", "Escrever estoque e preço"


class ApiToken(TenantModel):
    """A key to the API of one integration user. Only its SHA-256 is kept; ``prefix`` names it on pages."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, db_constraint=False, related_name="api_tokens"
    )
    name = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=8)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.GenericIPAddressField(null=True)

    def __str__(self) -> str:
        return f"{API_TOKEN_PREFIX}{self.prefix}…"

    def works_at(self, moment: dt.datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)

    @property
    def scope_labels(self) -> list[str]:
        return [Scope(scope).label for scope in self.scopes]


class AuditEntry(TenantModel):
    """Who did what to whom. The app role may add entries and read them, nothing else."""

    at = models.DateTimeField()
    person = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "subject_kind", "subject_id", "-at"], name="accounts_audit"),
            models.Index(fields=["organization", "person", "-at"], name="accounts_audit_person"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.code}"


class ClockOffset(models.Model):
    """At most one row: how far tests and the demo moved the clock. The app role may only read it."""

    offset = models.DurationField()
