"""What today's page shows by itself, as a panel among those of others."""

from __future__ import annotations

from punctual.web.home.onboarding import first_steps
from punctual.web.shell.panels import register_panel

register_panel(
    "home",
    "first_steps",
    order=0,
    place="top",
    template="home/first_steps.html",
    context_function=first_steps,
    permission="orders.view",
)
