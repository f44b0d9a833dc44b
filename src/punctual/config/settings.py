"""Settings from the environment; without any, SQLite and files under ``var/``.

PUNCTUAL_DATA       folder of database, files and secret (default: ``var`` beside the checkout, else the working folder)
DATABASE_URL        ``postgres://…``; default SQLite in PUNCTUAL_DATA
PUNCTUAL_SECRET     signing key; default: made once and kept in PUNCTUAL_DATA
PUNCTUAL_HOSTS      host names served, comma-separated; default: this machine only
PUNCTUAL_DEBUG      1 shows tracebacks in the browser; never in production
PUNCTUAL_HTTPS      1 when the pages are served over TLS: secure cookies, HSTS
PUNCTUAL_SYNC_JOBS  1 runs background jobs in the request (tests)
PUNCTUAL_URL        address under which people open the pages; stands in mails
PUNCTUAL_SMTP_*     HOST, PORT, USER, PASSWORD, TLS of the mail server; PUNCTUAL_MAIL_FROM is who writes
PUNCTUAL_IMAP_*     HOST, PORT, USER, PASSWORD, FOLDER of the mailbox that customers write to
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent.parent
DATA = Path(
    os.environ.get("PUNCTUAL_DATA") or (CHECKOUT if (CHECKOUT / "run.py").exists() else Path.cwd()) / "var"
).resolve()


def _flag(name: str) -> bool:
    return os.environ.get(name, "") not in {"", "0", "false", "no"}


def _secret() -> str:
    given = os.environ.get("PUNCTUAL_SECRET")
    if given:
        return given
    DATA.mkdir(parents=True, exist_ok=True)
    path = DATA / "secret"
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = _secret()
DEBUG = _flag("PUNCTUAL_DEBUG")
ALLOWED_HOSTS = [
    host for host in os.environ.get("PUNCTUAL_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",") if host
]
HTTPS = _flag("PUNCTUAL_HTTPS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rules.apps.AutodiscoverRulesConfig",
    "django_q",
    "punctual.platform.accounts",
    "punctual.platform.audit",
    "punctual.platform.company",
    "punctual.platform.outbox",
    "punctual.platform.jobs",
    "punctual.platform.notifications",
    "punctual.platform.numbering",
    "punctual.platform.attachments",
    "punctual.platform.comments",
    "punctual.platform.search",
    "punctual.platform.idempotency",
    "punctual.platform.saved_views",
    "punctual.platform.approvals",
    "punctual.platform.links",
    "punctual.domain.parties",
    "punctual.domain.catalog",
    "punctual.domain.calendars",
    "punctual.domain.resources",
    "punctual.domain.orders",
    "punctual.domain.plans",
    "punctual.domain.actions",
    "punctual.domain.costs",
    "punctual.domain.customer_relations",
    "punctual.domain.quality",
    "punctual.domain.risks",
    "punctual.domain.supply",
    "punctual.domain.scheduling",
    "punctual.domain.monitoring",
    "punctual.domain.delivery",
    "punctual.domain.changes",
    "punctual.domain.aftersales",
    "punctual.flows",
    "punctual.web",
    "punctual.api",
]

MIDDLEWARE = [
    "punctual.web.shell.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "punctual.web.shell.middleware.PreferencesMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "punctual.web.shell.middleware.ReadableAddressMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "punctual.api.authentication.ApiTokenMiddleware",
    "punctual.platform.idempotency.middleware.IdempotencyMiddleware",
    "punctual.web.shell.middleware.SignInRequiredMiddleware",
    "punctual.web.shell.waiting.RecountMiddleware",
    "punctual.web.shell.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "punctual.config.urls"
WSGI_APPLICATION = "punctual.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "punctual.web.shell.context.shell",
            ],
            "builtins": ["punctual.web.templatetags.punctual"],
        },
    }
]

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{DATA / 'punctual.db'}", conn_max_age=600)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at the start, so a transaction never fails half-way on a lock it can't upgrade.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-64000; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
        ),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "punctual.web.account.forms.SignInForm"}
ACCOUNT_ADAPTER = "punctual.web.account.adapter.AccountAdapter"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Punctual"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "punctual.web.shell.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
# ``punctual serve`` collects the static files once a version, compressed and with their hash in the name.
_COLLECTED = _flag("PUNCTUAL_COLLECTED")
STATIC_ROOT = DATA / "static" if _COLLECTED else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _COLLECTED
WHITENOISE_MAX_AGE = 300
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = DATA / "files"

Q_CLUSTER: dict[str, Any] = {
    "name": "punctual",
    "orm": "default",
    "workers": int(os.environ.get("PUNCTUAL_WORKERS", "1")),
    "timeout": 900,
    "retry": 1200,
    "max_attempts": 3,
    "poll": 0.5,
    "save_limit": 250,
    "catch_up": False,
    "ack_failures": True,
    "label": "Punctual",
    "sync": _flag("PUNCTUAL_SYNC_JOBS"),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PUNCTUAL_LOG", "WARNING")},
}

# Without a mail server mail is kept as files, where an administrator finds it.
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if os.environ.get('PUNCTUAL_SMTP_HOST') else 'filebased'}.EmailBackend"
)
EMAIL_FILE_PATH = DATA / "mail"
EMAIL_HOST = os.environ.get("PUNCTUAL_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("PUNCTUAL_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("PUNCTUAL_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("PUNCTUAL_SMTP_PASSWORD", "")
DEFAULT_FROM_EMAIL = os.environ.get("PUNCTUAL_MAIL_FROM", "punctual@localhost")
EMAIL_USE_TLS = _flag("PUNCTUAL_SMTP_TLS")
EMAIL_TIMEOUT = 20
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
SITE_URL = os.environ.get("PUNCTUAL_URL", "http://localhost:8000")
# Webhooks and robots are written to on the public internet only, within so many seconds.
OUTGOING_TIMEOUT = 10
OUTGOING_LOOPBACK = False

IMAP_HOST = os.environ.get("PUNCTUAL_IMAP_HOST", "")
IMAP_PORT = int(os.environ.get("PUNCTUAL_IMAP_PORT", "993"))
IMAP_USER = os.environ.get("PUNCTUAL_IMAP_USER", "")
IMAP_PASSWORD = os.environ.get("PUNCTUAL_IMAP_PASSWORD", "")
IMAP_FOLDER = os.environ.get("PUNCTUAL_IMAP_FOLDER", "INBOX")
