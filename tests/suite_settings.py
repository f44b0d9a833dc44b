"""The product's settings for the tests: a folder of its own, jobs in the request, a quick password hash."""

import os
import tempfile

os.environ["PUNCTUAL_DATA"] = tempfile.mkdtemp(prefix="punctual-tests-")
os.environ.setdefault("PUNCTUAL_SYNC_JOBS", "1")
os.environ["PUNCTUAL_SECRET"] = "only-for-tests"
os.environ.pop("PUNCTUAL_COLLECTED", None)

from punctual.config.settings import *  # noqa: F403
from punctual.platform.catalogues import compile_catalogues

# Before Django looks for them: a catalogue that is not there when it looks counts as empty for good.
compile_catalogues()

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = False

if "sqlite" in DATABASES["default"]["ENGINE"] and "DATABASE_URL" not in os.environ:  # noqa: F405
    # In memory there is one connection and nobody queues; parallel workers know Django's own name of it only.
    DATABASES["default"]["ENGINE"] = "django.db.backends.sqlite3"  # noqa: F405
VERIFY_SQL = True

# The tables come from a database that was migrated once (migrated.py), on PostgreSQL from the models (conftest.py).
DATABASES["default"].setdefault("TEST", {})["MIGRATE"] = False  # noqa: F405
