"""Settings of the application, all from the environment; `docs/en/web.md` lists them.

Why no settings file: a server is described by its unit or container, and nothing secret is written into the repository.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from uptake.core.errors import UptakeError

HERE = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("UPTAKE_DATA") or Path.home() / ".local/share/uptake")
"""Folder of the SQLite database, uploads and the secret key."""
PUBLIC_URL = os.environ.get("UPTAKE_PUBLIC_URL", "http://127.0.0.1:8000")


def database(address: str) -> dict[str, Any]:
    """Django's description of a database from `postgresql://user:password@host:port/name?option=…`; empty: SQLite in `DATA`."""
    if not address:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA / "uptake.sqlite"),
            "CONN_MAX_AGE": 60,  # a fresh connection reads the schema anew and has no page in its cache
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing half-way
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
            },
        }
    parts = urlsplit(address)
    if parts.scheme not in ("postgres", "postgresql"):
        raise UptakeError("DATABASE_URL is no PostgreSQL address", hint="postgresql://user:password@host:5432/name")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def secret_key() -> str:
    """The key that signs sessions: from the environment, or made once and kept in a file that only we can read."""
    given = os.environ.get("UPTAKE_SECRET_KEY")
    if given:
        return given
    path = DATA / "secret-key"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another worker was quicker
    return path.read_text()


SECRET_KEY = secret_key()
DEBUG = False
ALLOWED_HOSTS = list(
    filter(
        None,
        [
            *os.environ.get("UPTAKE_HOSTS", "").split(","),
            urlsplit(PUBLIC_URL).hostname,
            "127.0.0.1",
            "localhost",
            "[::1]",
        ],
    )
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
IS_HTTPS = PUBLIC_URL.startswith("https:")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "uptake.web.common",
    "uptake.web.accounts",
    "uptake.web.engagements",
    "uptake.web.assessments",
    "uptake.web.addins",
    "uptake.web.packages",
    "uptake.web.insights",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "uptake.web.common.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "uptake.web.common.middleware.personal_settings",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "uptake.web.common.middleware.second_factor",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "uptake.web.config.urls"
WSGI_APPLICATION = "uptake.web.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "uptake.web.common.context.shared",
            ],
            "builtins": ["uptake.web.common.templatetags.uptake_ui", "django.templatetags.i18n"],
        },
    }
]
DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "uptake_cache"}}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [HERE / "locale"]
FORMAT_MODULE_PATH = ["uptake.web.common.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("UPTAKE_TIME_ZONE", "UTC")
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [HERE / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "uploads", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 4_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
MOST_EVIDENCE = int(os.environ.get("UPTAKE_MOST_EVIDENCE", 20_000_000))
"""Bytes of one file of evidence."""
MOST_SCAN = int(os.environ.get("UPTAKE_MOST_SCAN", 2_000_000_000))
"""Bytes of one uploaded scan result."""
MOST_COLLECTION = int(os.environ.get("UPTAKE_MOST_COLLECTION", 500_000_000))
"""Bytes of the files of endpoints that are uploaded together."""
DATA_UPLOAD_MAX_NUMBER_FILES = 1_000
"""Files of one form; more of them come in a zip."""

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "uptake.web.accounts.adapter.InvitedOnly"
SOCIALACCOUNT_ADAPTER = "uptake.web.accounts.adapter.KnownPeopleOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "uptake"
REQUIRE_MFA = os.environ.get("UPTAKE_REQUIRE_MFA", "") == "1"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # nothing is ever mailed silently
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if os.environ.get("UPTAKE_OIDC_CLIENT_ID"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "entra",
                "name": os.environ.get("UPTAKE_OIDC_NAME", "Microsoft Entra ID"),
                "client_id": os.environ["UPTAKE_OIDC_CLIENT_ID"],
                "secret": os.environ.get("UPTAKE_OIDC_CLIENT_SECRET", ""),
                "settings": {
                    "server_url": os.environ.get(
                        "UPTAKE_OIDC_ISSUER", "https://login.microsoftonline.com/organizations/v2.0"
                    ),
                },
            }
        ],
    }

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "uptake.web.common.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("UPTAKE_BEHIND_PROXY") == "1" else None
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
PLAYBOOK_FOLDER = Path(os.environ["UPTAKE_PLAYBOOK"]) if os.environ.get("UPTAKE_PLAYBOOK") else None
"""An organisation's own changes to the playbook."""
FORM_RENDERER = "uptake.web.common.forms.Renderer"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
SILENCED_SYSTEM_CHECKS = ["models.W042"]
