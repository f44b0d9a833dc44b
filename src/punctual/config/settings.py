"""Settings from the environment; without any, SQLite and files under ``var/``.

PUNCTUAL_DATA       folder of database, files and secret (default: ``var`` beside the checkout, else the working folder)
DATABASE_URL        ``postgres://…``; default SQLite in PUNCTUAL_DATA
PUNCTUAL_POOL       connections a process shares on PostgreSQL; default: one a thread, kept open
PUNCTUAL_WRITE_WAIT seconds a writer waits for its turn on SQLite (default 20), then 503 with Retry-After
PUNCTUAL_SECRET     signing key, the key of sealed secrets comes from it; default: made once and kept in PUNCTUAL_DATA
PUNCTUAL_OLD_SECRETS  former ones, comma-separated: what was signed or sealed under them is still read
PUNCTUAL_HOSTS      host names served, comma-separated; default: this machine only
PUNCTUAL_PROXY      1 behind a proxy that sets X-Forwarded-Proto and X-Forwarded-For itself
PUNCTUAL_IDLE_HOURS and PUNCTUAL_SESSION_DAYS: a sign-in ends after so long unused (12) and after so long at all (14)
PUNCTUAL_API_RATE   API requests a minute of one user or address (default 1200), then 429
PUNCTUAL_REDIS      ``redis://…`` for limits and presence over several machines; default: a file, for one machine
PUNCTUAL_PROCESSES  web processes of ``punctual serve``; default: by cores and memory, at most 4
PUNCTUAL_OIDC_*     SERVER, CLIENT, SECRET, NAME: sign-in through an OpenID Connect provider beside passwords
PUNCTUAL_SAML_*     METADATA (URL), ENTITY, NAME: the same through SAML; needs punctual[saml]
PUNCTUAL_BACKUP_DIR folder for a backup every night; PUNCTUAL_BACKUP_KEEP how many daily, weekly, monthly (7,5,12)
PUNCTUAL_WORKERS    background processes (1); PUNCTUAL_WORKER_MB memory after which one is replaced (1500)
PUNCTUAL_PLANNERS   planning processes (1), each up to PUNCTUAL_PLANNING_MB (2000) and PUNCTUAL_PLANNING_SECONDS (900)
PUNCTUAL_LOG        level (WARNING); PUNCTUAL_LOG_FORMAT ``json`` for one JSON object a line, access log included
PUNCTUAL_SENTRY_DSN where faults are told; OTEL_EXPORTER_OTLP_ENDPOINT where traces go; both need punctual[telemetry]
PUNCTUAL_DEBUG      1 shows tracebacks in the browser; never in production
PUNCTUAL_HTTPS      1 when the pages are served over TLS: secure cookies, HSTS
PUNCTUAL_SYNC_JOBS  1 runs background jobs in the request (tests)
PUNCTUAL_URL        address under which people open the pages; stands in links and mails (this machine's, with its port)
PUNCTUAL_SMTP_*     HOST, PORT, USER, PASSWORD, TLS of the mail server; PUNCTUAL_MAIL_FROM is who writes
PUNCTUAL_IMAP_*     HOST, PORT, USER, PASSWORD, FOLDER of the mailbox that customers write to

Every one of them may be given as a file instead: PUNCTUAL_SECRET_FILE=/run/secrets/punctual holds the value.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF


def _read(name: str, default: str = "") -> str:
    """The variable, or what the file named by NAME_FILE holds (secrets of containers and systemd)."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name, default)


PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent.parent
DATA = Path(
    os.environ.get("PUNCTUAL_DATA") or (CHECKOUT if (CHECKOUT / "run.py").exists() else Path.cwd()) / "var"
).resolve()


def _flag(name: str) -> bool:
    return _read(name) not in {"", "0", "false", "no"}


def _secret() -> str:
    given = _read("PUNCTUAL_SECRET")
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
# Former keys: what was signed or sealed under them stays valid after the key was changed.
SECRET_KEY_FALLBACKS = [key for key in _read("PUNCTUAL_OLD_SECRETS").split(",") if key]
DEBUG = _flag("PUNCTUAL_DEBUG")
ALLOWED_HOSTS = [host for host in _read("PUNCTUAL_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",") if host]
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
    "punctual.platform.custom_fields",
    "punctual.platform.bulk",
    "punctual.platform.proposals",
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
    "punctual.platform.logs.RequestLogMiddleware",
    "punctual.platform.one_row.ReadOnceMiddleware",
    "punctual.web.shell.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "punctual.web.shell.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "punctual.web.account.sessions.SessionLimitsMiddleware",
    "punctual.web.shell.middleware.PreferencesMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "punctual.web.shell.middleware.ReadableAddressMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "punctual.api.authentication.ApiTokenMiddleware",
    "punctual.api.rates.ApiRateMiddleware",
    "punctual.api.methods.ApiMethodMiddleware",
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

_DATABASE = _read("DATABASE_URL") or f"sqlite:///{DATA / 'punctual.db'}"
DATABASES = {"default": dj_database_url.parse(_DATABASE, conn_max_age=600)}
# Writers to SQLite stand in one fair queue; a turn that does not come within so many seconds is refused with 503.
WRITE_QUEUE = True
WRITE_WAIT = float(_read("PUNCTUAL_WRITE_WAIT", "20"))
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "punctual.platform.sqlite"
    # IMMEDIATE takes the write lock at the start, so a transaction never fails half-way on a lock it can't upgrade.
    # FULL: what was acknowledged is on the disk, also when the power fails the moment after.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-64000; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
        ),
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A server that is away is noticed in seconds; a pool shares a few connections among all threads of a process.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    _POOL = int(_read("PUNCTUAL_POOL", "0"))
    if _POOL:
        DATABASES["default"]["CONN_MAX_AGE"] = 0
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _POOL, "timeout": 5}
# The text of a SELECT is written once for its shape (platform/sqlite/compiler.py); the tests compare it each time.
VERIFY_SQL = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
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
ACCOUNT_FORMS = {
    "login": "punctual.web.account.forms.SignInForm",
    "reset_password": "punctual.web.account.forms.NewPasswordForm",
}
ACCOUNT_ADAPTER = "punctual.web.account.adapter.AccountAdapter"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Punctual"
MFA_ADAPTER = "punctual.web.account.adapter.SecondFactorAdapter"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

_REDIS = _read("PUNCTUAL_REDIS")
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "punctual.platform.shared_counters.SharedCounters", "LOCATION": _REDIS}
    if _REDIS
    else {"BACKEND": "punctual.platform.counters.CountersCache", "LOCATION": DATA / "counters.db"},
    # Pieces of pages that look the same time and again, such as the sidebar; each process keeps its own.
    "pieces": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pieces",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
}
API_RATE = int(_read("PUNCTUAL_API_RATE", "1200"))
SESSION_ENGINE = "punctual.platform.sealed_sessions"
SESSION_IDLE_SECONDS = int(float(_read("PUNCTUAL_IDLE_HOURS", "12")) * 3600)
SESSION_COOKIE_AGE = int(float(_read("PUNCTUAL_SESSION_DAYS", "14")) * 24 * 3600)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
KNOWN_BROWSER_COOKIE = "__Host-known" if HTTPS else "known"
if HTTPS:
    # The browser itself then refuses a cookie of that name that comes from elsewhere or without TLS.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
BEHIND_PROXY = _flag("PUNCTUAL_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BACKUP_DIR = _read("PUNCTUAL_BACKUP_DIR")
BACKUP_KEEP = _read("PUNCTUAL_BACKUP_KEEP", "7,5,12")
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
        "report-uri": ["/csp-report/"],
        "report-to": ["csp"],
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

FORM_RENDERER = "punctual.web.shell.form_pieces.QuickChoices"

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

# Long computations have a queue of their own (kernel/queues.py), with limits of their own.
PLANNING_SECONDS = int(_read("PUNCTUAL_PLANNING_SECONDS", "900"))
PLANNING_MB = int(_read("PUNCTUAL_PLANNING_MB", "2000"))

Q_CLUSTER: dict[str, Any] = {
    "name": "punctual",
    "orm": "default",
    "workers": int(_read("PUNCTUAL_WORKERS", "1")),
    "timeout": 900,
    "retry": 1200,
    "max_attempts": 3,
    # A worker that has grown beyond this is replaced between two jobs; a hard limit is the service manager's.
    "max_rss": int(_read("PUNCTUAL_WORKER_MB", "1500")) * 1024,
    "poll": 0.5,
    "save_limit": 250,
    "catch_up": False,
    "ack_failures": True,
    "label": "Punctual",
    "sync": _flag("PUNCTUAL_SYNC_JOBS"),
    "ALT_CLUSTERS": {
        "planning": {
            "workers": int(_read("PUNCTUAL_PLANNERS", "1")),
            "timeout": PLANNING_SECONDS,
            "retry": PLANNING_SECONDS + 300,
            "max_rss": PLANNING_MB * 1024,
            "scheduler": False,
        }
    },
}

SENTRY_DSN = _read("PUNCTUAL_SENTRY_DSN")
_JSON_LOGS = _read("PUNCTUAL_LOG_FORMAT") == "json"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "punctual.platform.logs.LineFormatter"},
        "json": {"()": "punctual.platform.logs.JsonFormatter"},
    },
    "filters": {"secrets": {"()": "punctual.platform.logs.SecretsFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if _JSON_LOGS else "line",
            "filters": ["secrets"],
        }
    },
    "root": {"handlers": ["console"], "level": _read("PUNCTUAL_LOG", "WARNING")},
    "loggers": {
        "punctual.access": {"level": "INFO" if _JSON_LOGS else "WARNING"},
        "punctual.platform.audit.chain": {"level": "INFO"},
    },
}

# Without a mail server mail is kept as files, where an administrator finds it.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _read('PUNCTUAL_SMTP_HOST') else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = DATA / "mail"
EMAIL_HOST = _read("PUNCTUAL_SMTP_HOST", "localhost")
EMAIL_PORT = int(_read("PUNCTUAL_SMTP_PORT", "25"))
EMAIL_HOST_USER = _read("PUNCTUAL_SMTP_USER", "")
EMAIL_HOST_PASSWORD = _read("PUNCTUAL_SMTP_PASSWORD", "")
DEFAULT_FROM_EMAIL = _read("PUNCTUAL_MAIL_FROM", "punctual@localhost")
EMAIL_USE_TLS = _flag("PUNCTUAL_SMTP_TLS")
EMAIL_TIMEOUT = 20
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
SITE_URL = _read("PUNCTUAL_URL", "http://localhost:8000")
# Webhooks and robots are written to on the public internet only, within so many seconds.
OUTGOING_TIMEOUT = 10
OUTGOING_LOOPBACK = False

IMAP_HOST = _read("PUNCTUAL_IMAP_HOST", "")
IMAP_PORT = int(_read("PUNCTUAL_IMAP_PORT", "993"))
IMAP_USER = _read("PUNCTUAL_IMAP_USER", "")
IMAP_PASSWORD = _read("PUNCTUAL_IMAP_PASSWORD", "")
IMAP_FOLDER = _read("PUNCTUAL_IMAP_FOLDER", "INBOX")

# Sign-in through the company's own directory. Off unless configured; nobody gets an account by it, it must be there.
OIDC_NAME, SAML_NAME = _read("PUNCTUAL_OIDC_NAME", "OpenID Connect"), _read("PUNCTUAL_SAML_NAME", "SAML")
SOCIAL_SIGN_IN: list[tuple[str, str]] = []
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
_OIDC = _read("PUNCTUAL_OIDC_SERVER")
if _OIDC:
    INSTALLED_APPS += ["allauth.socialaccount.providers.openid_connect"]
    SOCIAL_SIGN_IN.append(("openid_connect_login", OIDC_NAME))
    # The sign-in form's answer leads there, which browsers count as a place the form goes to.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append("{0.scheme}://{0.netloc}".format(urlsplit(_OIDC)))
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": OIDC_NAME,
                "client_id": _read("PUNCTUAL_OIDC_CLIENT"),
                "secret": _read("PUNCTUAL_OIDC_SECRET"),
                "settings": {"server_url": _OIDC},
            }
        ],
    }
if _read("PUNCTUAL_SAML_METADATA"):
    INSTALLED_APPS += ["allauth.socialaccount.providers.saml"]
    SOCIAL_SIGN_IN.append(("saml_login", SAML_NAME))
    _IDP = urlsplit(_read("PUNCTUAL_SAML_METADATA"))
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(f"{_IDP.scheme}://{_IDP.netloc}")
    SOCIALACCOUNT_PROVIDERS["saml"] = {
        "APPS": [
            {
                # Not the other one's: a person's number there says nothing here.
                "provider_id": "company-saml",
                "client_id": "company",
                "name": SAML_NAME,
                "settings": {
                    "idp": {
                        "entity_id": _read("PUNCTUAL_SAML_ENTITY"),
                        "metadata_url": _read("PUNCTUAL_SAML_METADATA"),
                    },
                    "advanced": {
                        "strict": True,
                        "want_assertion_signed": True,
                        "want_message_signed": False,
                        "allow_single_label_domains": True,  # http://punctual/ in a network of the house
                    },
                },
            }
        ]
    }
if SOCIAL_SIGN_IN:
    INSTALLED_APPS += ["allauth.socialaccount"]
    SOCIALACCOUNT_ADAPTER = "punctual.web.account.adapter.SocialAdapter"
    SOCIALACCOUNT_STORE_TOKENS = False
