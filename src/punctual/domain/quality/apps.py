from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "punctual.domain.quality"
    label = "quality"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.orders import gates as order_gates
        from punctual.domain.plans import gates as task_gates
        from punctual.domain.quality import (
            gates,
            permissions,  # noqa: F401
            selectors,
        )
        from punctual.domain.quality.services.plans import CONCESSION, decided
        from punctual.kernel.wording import N_
        from punctual.platform import targets
        from punctual.platform.approvals.subjects import Subject
        from punctual.platform.approvals.subjects import register as register_subject

        register_subject(Subject(CONCESSION, N_("Concession at a quality gate"), "shield-check", (), decided))
        order_gates.register("quality", gates.against_delivery)
        task_gates.register("quality", gates.against_starting)
        for name, label, fetch, url_name, icon in (
            ("inspection", N_("Inspection"), selectors.inspection_by_id, "inspection", "ruler-2"),
            ("nonconformity", N_("Nonconformity"), selectors.ncr_by_id, "ncr", "circle-x"),
            ("correctiveaction", N_("Corrective action"), selectors.capa_by_id, "capa", "list-check"),
            ("qualityreview", N_("Quality review"), selectors.review_by_id, "quality_review", "checklist"),
            ("controlchart", N_("Control chart"), selectors.chart_by_id, "control_chart", "chart-line"),
            ("gauge", N_("Gauge"), selectors.gauge_by_id, "gauge", "ruler-2"),
        ):
            targets.register(
                targets.Target(name=name, label=label, fetch=fetch, url_name=url_name, url_key="pk", icon=icon)
            )
