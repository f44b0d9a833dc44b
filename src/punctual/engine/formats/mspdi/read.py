"""Reads Microsoft Project XML (MSPDI) of every version, in one sweep over the stream."""

from __future__ import annotations

from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

from punctual.engine.formats.mspdi.calendar_elements import read_calendar
from punctual.engine.formats.mspdi.document import (
    AssignmentData,
    Baseline,
    Header,
    LinkData,
    ProjectFile,
    ResourceData,
    TaskData,
)
from punctual.engine.formats.mspdi.values import Fields
from punctual.engine.formats.safe_xml import elements
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_


def read_mspdi(source: Path | IO[bytes] | bytes, name: str = "") -> ProjectFile:
    """The file as data; stored dates, slack, baselines and costs included.

    Raises Refusal when it is no Microsoft Project XML, with every unreadable value (at most 20), or when the XML is
    broken or hostile. FileNotFoundError and other errors of the disk become a Refusal too.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                return read_mspdi(stream, name or source.name)
        except OSError as error:
            raise Refusal(
                Reason(
                    code="file.unreadable",
                    text=N_("%(what)s cannot be read: %(why)s"),
                    params={"what": str(source), "why": error.strerror or str(error)},
                )
            ) from error
    return _read(source, name or "the file")


def _read(stream: IO[bytes] | bytes, name: str) -> ProjectFile:
    result = ProjectFile()
    faults: list[Reason] = []
    root = ""
    for depth, element in elements(stream, name):
        if depth == 2:
            if element.tag == "Task":
                result.tasks.append(_task(element, len(result.tasks) + 1, faults))
            elif element.tag == "Calendar":
                result.calendars.append(read_calendar(element, faults))
            elif element.tag == "Resource":
                result.resources.append(_resource(element, len(result.resources) + 1, faults))
            elif element.tag == "Assignment":
                result.assignments.append(_assignment(element, len(result.assignments) + 1, faults))
            element.clear()
        elif depth == 0:
            root = element.tag
            result.header = _header(element, faults)
    if root != "Project":
        raise Refusal(
            Reason(
                code="mspdi.not_a_project",
                text=N_("%(what)s is no Microsoft Project XML: its outermost element is '%(root)s', not 'Project'"),
                params={"what": name, "root": root[:60]},
            )
        )
    refuse_if(faults)
    return result


def _header(element: Element, faults: list[Reason]) -> Header:
    f = Fields(element, "project", None, faults)
    clock = f.clock("DefaultStartTime")
    finish = f.clock("DefaultFinishTime")
    return Header(
        name=f.text("Name"),
        title=f.text("Title"),
        author=f.text("Author"),
        company=f.text("Company"),
        save_version=f.whole("SaveVersion", 9),
        creation_date=f.moment("CreationDate"),
        start=f.moment("StartDate"),
        finish=f.moment("FinishDate"),
        from_start=f.flag("ScheduleFromStart", default=True),
        status_date=f.moment("StatusDate"),
        calendar_uid=f.whole("CalendarUID", -1),
        minutes_per_day=f.whole("MinutesPerDay", 480),
        minutes_per_week=f.whole("MinutesPerWeek", 2400),
        days_per_month=f.whole("DaysPerMonth", 20),
        default_start=480 if clock is None else clock,
        default_finish=1020 if finish is None else finish,
        critical_slack_limit=f.number("CriticalSlackLimit"),
        honor_constraints=f.flag("HonorConstraints", default=True),
        currency_code=f.text("CurrencyCode"),
        currency_symbol=f.text("CurrencySymbol"),
        currency_digits=f.whole("CurrencyDigits", 2),
    )


def _task(element: Element, row: int, faults: list[Reason]) -> TaskData:
    f = Fields(element, "task", row, faults)
    uid = f.whole("UID")
    f.where = f"task {f.text('Name') or uid}"
    task = TaskData(
        uid=uid,
        id=f.whole("ID"),
        name=f.text("Name"),
        blank=f.flag("IsNull"),
        guid=f.text("GUID"),
        notes=f.text("Notes"),
        wbs=f.text("WBS"),
        outline_number=f.text("OutlineNumber"),
        outline_level=f.whole("OutlineLevel", 1),
        type=f.whole("Type"),
        priority=f.whole("Priority", 500),
        summary=f.flag("Summary"),
        milestone=f.flag("Milestone"),
        manual=f.flag("Manual"),
        active=f.flag("Active", default=True),
        external=f.flag("ExternalTask"),
        subproject=f.flag("IsSubproject"),
        estimated=f.flag("Estimated"),
        effort_driven=f.flag("EffortDriven"),
        recurring=f.flag("Recurring"),
        duration_format=f.whole("DurationFormat", 7),
        constraint_type=f.whole("ConstraintType"),
        calendar_uid=f.whole("CalendarUID", -1),
        ignore_resource_calendar=f.flag("IgnoreResourceCalendar"),
        leveling_delay=f.number("LevelingDelay"),
        leveling_delay_format=f.whole("LevelingDelayFormat", 8),
        critical=f.flag("Critical"),
    )
    _task_dates(task, f)
    _task_progress(task, f)
    if not 0 <= task.constraint_type <= 7:
        faults.append(
            Reason(
                code="mspdi.constraint",
                text=N_("%(where)s: ConstraintType %(value)s does not exist; 0 to 7 do"),
                params={"where": f.where, "value": task.constraint_type},
                field="ConstraintType",
                row=row,
            )
        )
    for child in element:
        if child.tag == "PredecessorLink":
            task.links.append(_link(child, f.where, row, faults))
        elif child.tag == "Baseline":
            task.baselines.append(_baseline(child, f.where, row, faults))
    return task


def _task_dates(task: TaskData, f: Fields) -> None:
    task.start, task.finish = f.moment("Start"), f.moment("Finish")
    task.duration = f.minutes("Duration")
    task.work = f.minutes("Work")
    task.manual_start, task.manual_finish = f.moment("ManualStart"), f.moment("ManualFinish")
    task.manual_duration = f.minutes("ManualDuration")
    task.constraint_date, task.deadline = f.moment("ConstraintDate"), f.moment("Deadline")
    task.early_start, task.early_finish = f.moment("EarlyStart"), f.moment("EarlyFinish")
    task.late_start, task.late_finish = f.moment("LateStart"), f.moment("LateFinish")
    task.total_slack = f.number("TotalSlack") / 10 if f.text("TotalSlack") else None
    task.free_slack = f.number("FreeSlack") / 10 if f.text("FreeSlack") else None


def _task_progress(task: TaskData, f: Fields) -> None:
    task.percent_complete = f.number("PercentComplete")
    task.percent_work_complete = f.number("PercentWorkComplete")
    task.physical_percent_complete = f.number("PhysicalPercentComplete")
    task.actual_start, task.actual_finish = f.moment("ActualStart"), f.moment("ActualFinish")
    task.actual_duration, task.remaining_duration = f.minutes("ActualDuration"), f.minutes("RemainingDuration")
    task.actual_work, task.remaining_work = f.minutes("ActualWork"), f.minutes("RemainingWork")
    task.stop, task.resume = f.moment("Stop"), f.moment("Resume")
    task.cost, task.fixed_cost = f.number("Cost"), f.number("FixedCost")
    task.fixed_cost_accrual = f.whole("FixedCostAccrual", 3)
    task.actual_cost, task.remaining_cost = f.number("ActualCost"), f.number("RemainingCost")


def _link(element: Element, where: str, row: int, faults: list[Reason]) -> LinkData:
    f = Fields(element, where, row, faults)
    link = LinkData(
        predecessor_uid=f.whole("PredecessorUID"),
        type=f.whole("Type", 1),
        lag=f.number("LinkLag"),
        lag_format=f.whole("LagFormat", 7),
        cross_project=f.text("CrossProjectName") if f.flag("CrossProject") else "",
    )
    if not 0 <= link.type <= 3:
        faults.append(
            Reason(
                code="mspdi.link_type",
                text=N_("%(where)s: link type %(value)s does not exist; 0 to 3 do"),
                params={"where": where, "value": link.type},
                field="PredecessorLink",
                row=row,
            )
        )
    return link


def _baseline(element: Element, where: str, row: int, faults: list[Reason]) -> Baseline:
    f = Fields(element, where, row, faults)
    return Baseline(
        number=f.whole("Number"),
        start=f.moment("Start"),
        finish=f.moment("Finish"),
        duration=f.minutes("Duration"),
        work=f.minutes("Work"),
        cost=f.number("Cost"),
    )


def _resource(element: Element, row: int, faults: list[Reason]) -> ResourceData:
    f = Fields(element, "resource", row, faults)
    uid = f.whole("UID")
    f.where = f"resource {f.text('Name') or uid}"
    return ResourceData(
        uid=uid,
        id=f.whole("ID"),
        name=f.text("Name"),
        guid=f.text("GUID"),
        type=2 if f.flag("IsCostResource") else f.whole("Type", 1),
        initials=f.text("Initials"),
        group=f.text("Group"),
        code=f.text("Code"),
        email=f.text("EmailAddress"),
        material_label=f.text("MaterialLabel"),
        max_units=f.number("MaxUnits", 1.0),
        standard_rate=f.number("StandardRate"),
        overtime_rate=f.number("OvertimeRate"),
        cost_per_use=f.number("CostPerUse"),
        accrue_at=f.whole("AccrueAt", 3),
        calendar_uid=f.whole("CalendarUID", -1),
        is_generic=f.flag("IsGeneric"),
        is_budget=f.flag("IsBudget"),
        notes=f.text("Notes"),
    )


def _assignment(element: Element, row: int, faults: list[Reason]) -> AssignmentData:
    f = Fields(element, f"assignment {row}", row, faults)
    return AssignmentData(
        uid=f.whole("UID"),
        task_uid=f.whole("TaskUID"),
        resource_uid=f.whole("ResourceUID"),
        guid=f.text("GUID"),
        units=f.number("Units", 1.0),
        work=f.minutes("Work"),
        start=f.moment("Start"),
        finish=f.moment("Finish"),
        delay=f.number("Delay"),
        cost=f.number("Cost"),
        actual_work=f.minutes("ActualWork"),
        remaining_work=f.minutes("RemainingWork"),
        actual_cost=f.number("ActualCost"),
        actual_start=f.moment("ActualStart"),
        actual_finish=f.moment("ActualFinish"),
        percent_work_complete=f.number("PercentWorkComplete"),
        work_contour=f.whole("WorkContour"),
        baselines=[_baseline(child, f"assignment {row}", row, faults) for child in element if child.tag == "Baseline"],
    )
