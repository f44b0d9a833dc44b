"""The WSGI application that granian serves."""

import gc
import os
import subprocess
import sys
import threading

from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "punctual.config.settings")

from punctual.platform.telemetry import begin_telemetry

begin_telemetry("web")  # before the application is built: it adds a middleware
application = get_wsgi_application()
reverse("home")  # loads every page before requests are taken: meanwhile the other processes answer them


def _warm() -> None:
    """Loads what is compiled beside the first pages: no first edit waits for it while it holds the database, no first
    promise takes minutes. Compiled, where it is not yet, by another process: here every page would wait for that."""
    from punctual.platform.readiness import being_loaded

    with being_loaded():
        subprocess.run([sys.executable, "-m", "punctual.engine.warm", str(os.getpid())], check=False)  # noqa: S603 our own
        from punctual.engine.warm import warm_all

        warm_all()
    # What is here now stays: nothing of it is garbage, and each request after this is spared the looking through it.
    gc.collect()
    gc.freeze()
    # Few cycles are made after that, so that looking for them every 700 objects costs more than it gives back.
    gc.set_threshold(20_000, 20, 50)


threading.Thread(target=_warm, daemon=True).start()
