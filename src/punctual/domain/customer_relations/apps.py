from django.apps import AppConfig


class CustomerRelationsConfig(AppConfig):
    name = "punctual.domain.customer_relations"
    label = "customer_relations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.customer_relations import permissions  # noqa: F401
        from punctual.domain.customer_relations.selectors import meeting_by_id, request_by_id
        from punctual.kernel.wording import N_
        from punctual.platform import targets
        from punctual.platform.notifications.kinds import register_event, register_kind

        targets.register(
            targets.Target(
                name="customerrequest",
                label=N_("Request"),
                fetch=request_by_id,
                url_name="request",
                url_key="key",
                icon="message-circle",
            )
        )
        targets.register(
            targets.Target(name="meeting", label=N_("Meeting"), fetch=meeting_by_id, url_name="meeting", icon="users")
        )
        register_kind("request", N_("Customers’ requests given to me"))
        register_kind("sla", N_("Response times that run out"))
        register_kind("meeting", N_("Meetings with customers"))
        register_kind("feedback", N_("Feedback of customers"))
        register_event("request.opened", N_("A customer’s request has come in"))
        register_event("request.answered", N_("A request was answered"))
        register_event("request.resolved", N_("A request was resolved"))
        register_event("request.breached", N_("A response time has run out"))
        register_event("meeting.minutes_sent", N_("Minutes were sent"))
        register_event("feedback.given", N_("A customer gave feedback"))
