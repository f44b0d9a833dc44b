"""The WSGI application that granian serves."""

import os
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "punctual.config.settings")

from punctual.platform.telemetry import begin_telemetry

begin_telemetry("web")  # before the application is built: it adds a middleware
application = get_wsgi_application()


def _warm() -> None:
    """Loads the planning passes beside the first pages: no first edit waits for them while it holds the database."""
    from punctual.engine.cpm import prepare

    prepare()


threading.Thread(target=_warm, daemon=True).start()
