"""People, companies and who may do what in which company."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from accounts.tenancy import TenantModel


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


class Organization(models.Model):
    """A company: the tenant. Its row-level policy is on its own ``id``."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    cnpj = models.CharField(max_length=14, blank=True)
    created_at = models.DateTimeField()

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


class ClockOffset(models.Model):
    """At most one row: how far tests and the demo moved the clock. The app role may only read it."""

    offset = models.DurationField()
