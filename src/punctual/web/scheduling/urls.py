"""Addresses of schedules, promises, capacity."""

from django.urls import path

from punctual.web.scheduling import absences, allocation, capacity, ledger, locks, promise, runs, rush, what_if

urlpatterns = [
    path("promise/entry/", promise.entry_panel, name="promise_entry"),
    path("promise/imports/<int:pk>/", promise.import_panel, name="promise_import"),
    path("promise/orders/<str:key>/", promise.order_panel, name="promise_order"),
    path("promise/orders/<str:key>/lines/", promise.line_ranges, name="promise_lines"),
    path("promise/orders/<str:key>/give/", promise.give, name="promise_give"),
    path("promises/", ledger.Ledger.as_view(), name="promises"),
    path("capacity/", capacity.capacity, name="capacity"),
    path("capacity/utilisation/", capacity.utilisation, name="utilisation"),
    path("capacity/levelling/", capacity.levelling, name="levelling"),
    path("capacity/levelling/accept/", capacity.accept, name="levelling_accept"),
    path("capacity/names/", allocation.names_page, name="names"),
    path("capacity/swaps/", allocation.swaps, name="swaps"),
    path("capacity/swaps/accept/", allocation.accept, name="swap_accept"),
    path("capacity/absences/", absences.page, name="absences"),
    path("capacity/absences/enter/", absences.enter, name="absence_enter"),
    path("capacity/absences/<int:pk>/cancel/", absences.cancel, name="absence_cancel"),
    path("capacity/extras/enter/", absences.enter_more, name="extra_enter"),
    path("capacity/extras/<int:pk>/cancel/", absences.cancel_more, name="extra_cancel"),
    path("tasks/<int:pk>/lock/", locks.lock, name="task_lock"),
    path("tasks/<int:pk>/unlock/", locks.unlock, name="task_unlock"),
    path("tasks/<int:pk>/needs/<int:need>/name/", allocation.name, name="need_name"),
    path("tasks/<int:pk>/needs/<int:need>/unname/", allocation.unname, name="need_unname"),
    path("rush/", rush.page, name="rush"),
    path("rush/<str:key>/accept/", rush.accept, name="rush_accept"),
    path("scenarios/", what_if.page, name="scenarios"),
    path("scenarios/make/", what_if.make, name="scenario_make"),
    path("scenarios/<int:pk>/", what_if.scenario, name="scenario"),
    path("scenarios/<int:pk>/<str:verb>/", what_if.decide, name="scenario_decide"),
    path("schedule-runs/", runs.runs, name="schedule_runs"),
    path("schedule-runs/start/", runs.start, name="schedule_run"),
    path("calibration/", runs.calibration, name="calibration"),
    path("settings/scheduling/", runs.settings, name="scheduling_settings"),
]
