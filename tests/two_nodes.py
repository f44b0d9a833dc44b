"""Two nodes whose clocks strike at the same moment: each due work is queued by one of them."""

CLOCKS = """
import threading, time
from django.db import connection
import datetime as dt
from django.utils import timezone
from django_q import scheduler as clockwork
from django_q.models import OrmQ, Schedule
from punctual.worker.schedule import SCHEDULES, ensure_schedules

queue_it = clockwork.async_task

def slowly(*args, **kwargs):
    time.sleep(0.02)  # so that both are at it
    return queue_it(*args, **kwargs)

clockwork.async_task = slowly

def struck():
    OrmQ.objects.all().delete()
    Schedule.objects.update(next_run=timezone.now() - dt.timedelta(minutes=1))
    together = threading.Barrier(2)
    def node():
        together.wait(10)
        clockwork.scheduler()
        connection.close()
    nodes = [threading.Thread(target=node) for _ in range(2)]
    for one in nodes: one.start()
    for one in nodes: one.join()
    return OrmQ.objects.count()

ensure_schedules()
assert len(SCHEDULES) > 20 and struck() == len(SCHEDULES), OrmQ.objects.count()
"""
"""For a program that has set Django up on a migrated database."""
