"""Reads Microsoft Project XML (MSPDI) of every version, in one sweep over the stream."""

from __future__ import annotations

from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

from punctual.engine.formats.mspdi import schema
from punctual.engine.formats.mspdi.calendar_elements import read_calendar
from punctual.engine.formats.mspdi.document import AssignmentData, LinkData, ProjectFile, ResourceData, TaskData
from punctual.engine.formats.mspdi.values import Fields
from punctual.engine.formats.safe_xml import elements
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_


def read_mspdi(source: Path | IO[bytes] | bytes, name: str = "") -> ProjectFile:
    """The file as data; stored dates, slack, baselines and costs included.

    Raises Refusal when it is no Microsoft Project XML, with every unreadable value (at most 20), or when the XML is
    broken or hostile. Errors of the disk become a Refusal too.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                return _read(stream, name or source.name)
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
            schema.fill(result.header, schema.HEADER, Fields(element, "project", None, faults))
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


def _task(element: Element, row: int, faults: list[Reason]) -> TaskData:
    fields = Fields(element, "task", row, faults)
    task = TaskData(fields.whole("UID"))
    fields.where = f"task {fields.text('Name') or task.uid}"
    schema.fill(task, schema.TASK, fields)
    if not 0 <= task.constraint_type <= 7:
        faults.append(
            Reason(
                code="mspdi.constraint",
                text=N_("%(where)s: ConstraintType %(value)s does not exist; 0 to 7 do"),
                params={"where": fields.where, "value": task.constraint_type},
                field="ConstraintType",
                row=row,
            )
        )
    task.links = [_link(child, fields.where, row, faults) for child in element if child.tag == "PredecessorLink"]
    task.baselines = schema.baselines(element, fields.where, row, faults)
    return task


def _link(element: Element, where: str, row: int, faults: list[Reason]) -> LinkData:
    fields = Fields(element, where, row, faults)
    link = LinkData(
        predecessor_uid=fields.whole("PredecessorUID"),
        type=fields.whole("Type", 1),
        lag=fields.number("LinkLag"),
        lag_format=fields.whole("LagFormat", 7),
        cross_project=fields.text("CrossProjectName", "?") if fields.flag("CrossProject") else "",
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


def _resource(element: Element, row: int, faults: list[Reason]) -> ResourceData:
    fields = Fields(element, f"resource {row}", row, faults)
    resource = ResourceData(fields.whole("UID"))
    schema.fill(resource, schema.RESOURCE, fields)
    return resource


def _assignment(element: Element, row: int, faults: list[Reason]) -> AssignmentData:
    fields = Fields(element, f"assignment {row}", row, faults)
    assignment = AssignmentData(fields.whole("UID"), fields.whole("TaskUID"), fields.whole("ResourceUID"))
    schema.fill(assignment, schema.ASSIGNMENT, fields)
    assignment.baselines = schema.baselines(element, fields.where, row, faults)
    return assignment
