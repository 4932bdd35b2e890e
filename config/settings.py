"""All settings; every value that differs between machines comes from the environment (docs: README)."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config.intervals import *  # noqa: F403  settings of their own page
from config.intervals import DISPATCH_SECONDS, MESSAGE_EXPIRES_SECONDS

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)


def _secret(name: str, how: str, *, in_development: str) -> str:
    """What must be secret has no default outside DEBUG, and there the one of development is refused too."""
    value: str = env.str(name, default="").strip()
    if DEBUG:
        return value or in_development
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {how}.")
    if in_development in value:
        raise ImproperlyConfigured(f"{name} holds the key of development, which everybody knows: {how}.")
    return value


SECRET_KEY = _secret(
    "SECRET_KEY",
    "name a random text of 50 or more characters, the same for every process",
    in_development="only-for-development-never-for-production",
)
# Each key is "<id>:<32 bytes in base64>"; the first one encrypts, all of them decrypt.
CREDENTIAL_KEYS = _secret(
    "CREDENTIAL_KEYS",
    "name <id>:<32 random bytes in base64>, the same for every process",
    in_development="dev:ZW50cmVwb3N0by1kZXYta2V5LTMyLWJ5dGVzLWxvbmc=",
).split(",")

PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
# Probes ask localhost.
ALLOWED_HOSTS = [*(env.list("ALLOWED_HOSTS", default=[]) or [urlsplit(PUBLIC_URL).hostname]), "localhost"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# The address of the proxy whose X-Forwarded headers are true, "*" where nobody else can reach the server.
TRUSTED_PROXY = env.str("TRUSTED_PROXY", default="")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ui",
    "accounts",
    "history",
    "jobs",
    "integrations",
    "customers",
    "catalog",
    "tracking",
    "orders",
    "webhooks",
    "panel",
]

MIDDLEWARE = [
    "webhooks.api.EdgeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "accounts.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "builtins": ["ui.templatetags.ui"],
            "libraries": {},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "panel.context.shell",
            ],
        },
    }
]

# --- database: one alias; the role is chosen per command (manage.py), names come from the addresses ---

_DATABASE_ADDRESSES = {
    "app": env.str("DATABASE_URL", default=""),
    "owner": env.str("DATABASE_OWNER_URL", default=""),
    "staff": env.str("DATABASE_STAFF_URL", default=""),
}
DATABASE_ROLE = env.str("DATABASE_ROLE", default="app")
# Longer than the one HTTP call that is made inside a transaction (the renewal of a token) may take.
IDLE_TRANSACTION_SECONDS = env.float("IDLE_TRANSACTION_SECONDS", default=60.0)


def _database(address: str) -> dict[str, object]:
    if not address:
        # Commands that need no database (check, collectstatic) run without one.
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "unset"}
    return {
        **environ.Env.db_url_config(address),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": f"entreposto-{DATABASE_ROLE}",
            # A process that freezes within a transaction must not keep its rows from the others for ever.
            "options": f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_SECONDS * 1000:.0f}",
        },
    }


DATABASES = {"default": _database(_DATABASE_ADDRESSES[DATABASE_ROLE])}
DATABASE_APP_ROLE = urlsplit(_DATABASE_ADDRESSES["app"]).username or "entreposto_app"
DATABASE_OWNER_ROLE = urlsplit(_DATABASE_ADDRESSES["owner"]).username or "entreposto_owner"
DATABASE_STAFF_ROLE = urlsplit(_DATABASE_ADDRESSES["staff"]).username or "entreposto_staff"
DATABASE_GATEWAY_ROLE = env.str("DATABASE_GATEWAY_ROLE", default="entreposto_gateway")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ---

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:login"
CSRF_FAILURE_VIEW = "panel.views.csrf_failure"
SESSION_COOKIE_NAME = env.str("SESSION_COOKIE_NAME", default="entreposto_sessao")
CSRF_COOKIE_NAME = f"{SESSION_COOKIE_NAME}_csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Without a proxy that tells http from https, every page would redirect to itself for ever.
SECURE_SSL_REDIRECT = _HTTPS and bool(TRUSTED_PROXY)
# Probes ask inside of the proxy.
SECURE_REDIRECT_EXEMPT = [r"^saude/$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600) if _HTTPS else 0
# Other hosts of the domain, and a browser's list of them, are for the domain's owner to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- language, time ---

LANGUAGE_CODE = "pt-br"
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
USE_TZ = True
TIME_ZONE = "America/Sao_Paulo"

# --- static files ---

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Set where files are collected for production (the image does); elsewhere they are found where they lie.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # A name with the content's hash, so that browsers keep a file for ever and never an old one.
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = DEBUG

# --- REST API: tokens and JSON, no sessions, no pages ---

# What accounts.api_auth.Resource does not say for all.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Entreposto",
    "VERSION": "1",
    "DESCRIPTION": "Pedidos, produtos, preços, estoque e clientes. Em JSON, com um token de API.",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": PUBLIC_URL}],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "O token de um usuário de integração, gerado no painel: `ent_live_…`",
            }
        }
    },
    "POSTPROCESSING_HOOKS": [],
}

# --- notifications of an ERP ---

# Of the largest product with all its variations a few hundred kilobytes; what is larger is refused unread.
WEBHOOK_MAX_BYTES = 1_000_000

# --- Celery: nudges only ---

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The work of a running job is safe in its row, whatever becomes of the message that woke it.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    # Kombu's own defaults look for lost messages only every 100 s.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    # A nudge must never wait for a broker that is away: the sweep finds the row.
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "dispatch-due": {
        "task": "jobs.tasks.dispatch_due",
        "schedule": DISPATCH_SECONDS,
        "options": {"expires": MESSAGE_EXPIRES_SECONDS},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = env.str("CELERY_BEAT_SCHEDULE_FILENAME", default="celerybeat-schedule")

# --- the wiring: the only indirections by name ---

ERP_PROVIDERS = {"tiny": "tiny.provider.TinyProvider"}
TRACKERS = {
    "correios": "tracking.trackers.correios.CorreiosTracker",
    "ssw": "tracking.trackers.ssw.SswTracker",
}
JOB_HANDLERS = {
    "pull_orders": "orders.sync.importing.pull_orders",
    "sweep_orders": "orders.sync.importing.sweep_orders",
    "plan_import": "orders.sync.importing.plan_import",
    "import_history": "orders.sync.importing.import_history",
    "pull_invoices": "orders.sync.importing.pull_invoices",
    "read_held_orders": "orders.sync.importing.read_held_orders",
    "complete_order": "orders.sync.importing.complete_order",
    "export_order": "orders.sync.exporting.export_order",
    "export_situation": "orders.sync.updating.export_situation",
    "export_order_change": "orders.sync.updating.export_order_change",
    "export_shipment": "orders.sync.shipping.export_shipment",
    "follow_shipments": "orders.sync.shipping.follow_shipments",
    "apply_shipment": "orders.sync.shipping.apply_shipment",
    "pull_shipping_methods": "orders.sync.shipping.pull_shipping_methods",
    "place_sheet": "orders.sheet_jobs.place_sheet",
    "apply_status_map": "orders.map_jobs.apply_status_map",
    "release_situation": "orders.sync.importing.release_situation",
    "plan_products": "catalog.sync.importing.plan_products",
    "import_products": "catalog.sync.importing.import_products",
    "pull_products": "catalog.sync.importing.pull_products",
    "pull_list_prices": "catalog.sync.pricing.pull_list_prices",
    "complete_products": "catalog.sync.importing.complete_products",
    "read_product": "catalog.sync.importing.read_product",
    "recheck_products": "catalog.recheck_jobs.recheck_products",
    "reconcile_products": "catalog.recheck_jobs.reconcile_products",
    "read_receipts": "webhooks.sync.read_receipts",
    "follow_notification": "webhooks.sync.follow_notification",
    "reread_announced": "webhooks.sync.reread_announced",
    "tidy_receipts": "webhooks.sync.tidy_receipts",
    "watch_notifications": "webhooks.watch_jobs.watch_notifications",
    "reapply_criteria": "catalog.sync.importing.reapply_criteria",
    "export_product": "catalog.sync.exporting.export_product",
    "poll_parcels": "tracking.sync.poll_parcels",
    "check_carrier": "tracking.sync.check_carrier",
    "remap_parcels": "tracking.sync.remap_parcels",
    "tidy_parcels": "tracking.sync.tidy_parcels",
    "export_customer": "customers.sync.export_customer",
    "replay_receipts": "webhooks.bulk.replay_receipts",
    "renew_token": "integrations.sync.renew_token",
    "test_connection": "integrations.sync.test_connection",
    "mark_disconnected": "integrations.sync.mark_disconnected",
}

TINY_V2_URL = env.str("TINY_V2_URL", default="https://api.tiny.com.br/api2").rstrip("/")
TINY_V3_URL = env.str("TINY_V3_URL", default="https://api.tiny.com.br/public-api/v3").rstrip("/")
TINY_ACCOUNTS_URL = env.str(
    "TINY_ACCOUNTS_URL", default="https://accounts.tiny.com.br/realms/tiny/protocol/openid-connect"
).rstrip("/")
# Outside DEBUG only real ERPs and carriers are spoken to, unless this asks for the simulators.
ALLOW_SIMULATOR = env.bool("ALLOW_SIMULATOR", default=False)
# The address of each protocol by its key, and where OAuth2 is.
ERP_ENDPOINTS = {"tiny": {"v3": TINY_V3_URL, "v2": TINY_V2_URL, "accounts": TINY_ACCOUNTS_URL}}

CORREIOS_URL = env.str("CORREIOS_URL", default="https://api.correios.com.br").rstrip("/")
SSW_URL = env.str("SSW_URL", default="https://ssw.inf.br").rstrip("/")
# The root address of each tracker's API, by its key.
TRACKER_URLS = {"correios": CORREIOS_URL, "ssw": SSW_URL}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"invitations": {"()": "accounts.log_filters.HideInvitations"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "formatter": "plain",
            "filters": ["invitations"],
        }
    },
    # When it tells all, it tells addresses, and some of Tiny's have a token in them.
    "loggers": {"urllib3": {"level": "INFO"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
