"""The risks of an order as a paper for a meeting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from punctual.domain.orders.models import Order
from punctual.domain.risks.facts import in_force, matrix
from punctual.domain.risks.models import Risk, RiskAnalysis
from punctual.platform.papers import Block, Facts, Grid, Heading, Text, paper
from punctual.web import formatting
from punctual.web.risks.marks import level_words, levels, three


def risk_paper(order: Order, risks: Sequence[Risk], analysis: RiskAnalysis | None, *, today: dt.date) -> bytes:
    """Dates with their confidence, the register, what each response buys."""
    figures: dict[str, dict[str, float]] = analysis.result["risks"] if analysis else {}
    shown = matrix()
    blocks: list[Block] = [
        _outlook(order, analysis) if analysis else Text(_("Not simulated yet.")),
        Heading(_("Risks")),
        Grid(
            [
                _("Number"),
                _("Risk"),
                "%",
                _("Delay, days"),
                _("Adds to P80, days"),
                _("Level"),
                _("Owner"),
                _("Next review"),
            ],
            [
                [
                    one.number,
                    one.title,
                    one.probability,
                    three(one.days_low, one.days_mode, one.days_high),
                    figures.get(str(one.pk), {}).get("days"),
                    f"{level_words(shown.colour(levels(one, shown)[1]))} {levels(one, shown)[1]}",
                    one.owner,
                    one.review_on,
                ]
                for one in risks
            ],
            widths=[1.3, 2.2, 0.5, 1, 0.8, 1, 0.9, 1],
        ),
        Heading(_("Responses")),
        Grid(
            [_("Risk"), _("Response"), _("What is done"), _("Cost"), _("State")],
            [
                [one.number, response.get_kind_display(), response.title, response.cost, response.get_state_display()]
                for one in risks
                for response in [in_force(one)]
                if response
            ],
            widths=[1.2, 0.8, 2.5, 1, 0.8],
            right=[3],
        ),
    ]
    return paper(
        title=_("Risks of %(order)s") % {"order": order.label},
        subtitle=f"{order.customer or ''} · {today.isoformat()}",
        blocks=blocks,
    )


def _outlook(order: Order, analysis: RiskAnalysis) -> Facts:
    now, after = analysis.result["now"], analysis.result["after"]
    chance = now["chance"]
    return Facts(
        [
            (_("Promised"), formatting.day_text(order.promised_date)),
            (_("On time"), None if chance is None else f"{chance * 100:.0f} %"),
            ("P50 / P80 / P95", f"{now['p50']} / {now['p80']} / {now['p95']}"),
            (_("After the responses"), f"P80 {after['p80']}"),
            (_("Runs"), analysis.runs),
            (_("Computed on"), formatting.moment_text(analysis.at)),
        ]
    )
