"""Background work: each job on its queue, limits that end as a sentence, and none that hangs for ever."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.exceptions import TimeoutException

import ordering
from migrated import WITH_SQL, said_by
from punctual.domain.monitoring.models import RecoveryRun
from punctual.domain.scheduling.models import Scenario
from punctual.flows import recover
from punctual.kernel.queues import PLANNING
from punctual.platform.jobs.models import Job, JobState
from punctual.platform.jobs.services import run_job, start_job
from punctual.worker.schedule import SCHEDULES
from two_nodes import CLOCKS

pytestmark = pytest.mark.django_db

SCENARIO = "punctual.flows.scenarios.compute_job"


def test_what_computes_for_long_keeps_no_message_waiting(monkeypatch, django_capture_on_commit_callbacks):
    from django_q.conf import Conf
    from django_q.models import OrmQ

    monkeypatch.setitem(settings.Q_CLUSTER, "sync", False)
    monkeypatch.setattr(Conf, "SYNC", False)
    with django_capture_on_commit_callbacks(execute=True):
        start_job(function=SCENARIO, label="a", actor=None, arguments={}, queue=PLANNING)
        start_job(function="punctual.platform.backup.backup_job", label="b", actor=None, arguments={})
    keys = [one.key for one in OrmQ.objects.order_by("pk")]
    assert keys == [PLANNING, settings.Q_CLUSTER["name"]]
    assert PLANNING in settings.Q_CLUSTER["ALT_CLUSTERS"], "the worker of that queue finds its limits here"


def test_a_job_without_enough_memory_says_so_and_which_setting_raises_it(monkeypatch):
    def greedy(progress, **arguments):
        raise MemoryError

    monkeypatch.setattr(SCENARIO, greedy)
    job = Job.objects.create(function=SCENARIO, label="a", arguments={"scenario_id": 0})
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert str(settings.PLANNING_MB) in job.error
    assert "PUNCTUAL_PLANNING_MB" in job.error


def test_a_job_whose_process_is_ended_each_time_is_given_up_and_its_waiting_scenario_told(monkeypatch):
    class Killed(BaseException):
        """As the end of a process: nothing is written after it."""

    def ended(progress, **arguments):
        raise Killed

    monkeypatch.setattr(SCENARIO, ended)
    scenario = Scenario.objects.create(name="a", delta=[])
    job = Job.objects.create(function=SCENARIO, label="a", arguments={"scenario_id": scenario.pk})
    for _ in range(settings.Q_CLUSTER["max_attempts"]):
        with pytest.raises(Killed):
            run_job(str(job.pk))
        job.refresh_from_db()
        assert job.state == JobState.RUNNING
    run_job(str(job.pk))
    job.refresh_from_db()
    scenario.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.result["reasons"][0]["code"] == "job.lost"
    assert "Start it again" in scenario.error[0]["text"]


def test_a_job_that_takes_too_long_says_so(monkeypatch):
    def slow(progress, **arguments):
        raise TimeoutException

    monkeypatch.setattr(SCENARIO, slow)
    job = Job.objects.create(function=SCENARIO, label="a", arguments={"scenario_id": 0})
    with pytest.raises(TimeoutException):
        run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "PUNCTUAL_PLANNING_SECONDS" in job.error


def test_ways_out_that_could_not_be_computed_are_waited_for_no_longer(monkeypatch, person):
    def greedy(progress, **arguments):
        raise MemoryError

    monkeypatch.setattr(recover, "compute_job", greedy)
    ordering.catalogue()
    ordering.customer()
    order = ordering.draft(person("sales"), ordering.line())
    waiting = RecoveryRun.objects.create(order=order, day=timezone.localdate())
    run_job(str(Job.objects.create(function=recover.JOB, arguments={"run_id": waiting.pk}).pk))
    waiting.refresh_from_db()
    assert waiting.state == "failed"
    assert "PUNCTUAL_PLANNING_MB" in waiting.error[0]["text"]


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_what_runs_by_the_clock_exists(name):
    assert callable(import_string(SCHEDULES[name][0]))


@pytest.mark.slow
@pytest.mark.own_database
def test_of_two_workers_one_queues_what_is_due(tmp_path):
    assert said_by(WITH_SQL + CLOCKS + 'print("ok")', tmp_path) == "ok"
