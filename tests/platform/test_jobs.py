"""Background work: each job on its queue, limits that end as a sentence, and none that hangs for ever."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from punctual.kernel.queues import PLANNING
from punctual.platform.jobs.models import Job, JobState
from punctual.platform.jobs.services import give_up_lost, run_job, start_job
from punctual.worker.schedule import SCHEDULES

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
    job = Job.objects.create(function=SCENARIO, label="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert str(settings.PLANNING_MB) in job.error
    assert "PUNCTUAL_PLANNING_MB" in job.error


def test_a_job_whose_process_never_came_back_is_given_up(django_assert_num_queries):
    def running_for(seconds: int) -> Job:
        at = timezone.now() - dt.timedelta(seconds=seconds)
        return Job.objects.create(function=SCENARIO, label="a", state=JobState.RUNNING, started_at=at)

    again = settings.Q_CLUSTER["retry"]
    lost, repeated = running_for(2 * again + 60), running_for(again + 60)
    with django_assert_num_queries(1):
        assert give_up_lost() == 1
    lost.refresh_from_db()
    repeated.refresh_from_db()
    assert lost.state == JobState.FAILED
    assert "重新启动" in lost.error
    assert repeated.state == JobState.RUNNING, "it may have been given out again"


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_what_runs_by_the_clock_exists(name):
    assert callable(import_string(SCHEDULES[name][0]))
