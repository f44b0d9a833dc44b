"""Plan templates, and the plan of an order.

``facts``      what both share: kinds of links and constraints, needs, kinds of cost
``templates``  plan templates in editions
``plans``      tasks, links, needs, budget and standards of an order's plan
``kept``       baselines and every edit

Durations, lags and floats are integer working minutes of the task's calendar (wall-clock minutes where ``elapsed``).
Moments are stored with a zone; a plan reads them on the clock of its site (``work_calendars.plan_time``).
"""

from punctual.domain.plans.models.facts import (
    ONE_OF_SKILL_AND_RESOURCE,
    BudgetKind,
    Constraint,
    LagUnit,
    LinkFacts,
    LinkType,
    NeedFacts,
)
from punctual.domain.plans.models.kept import (
    AT_CONFIRMATION,
    BASELINE_NAMES,
    Baseline,
    BaselineTask,
    EditState,
    PlanEdit,
)
from punctual.domain.plans.models.plans import Assignment, BudgetLine, DeliveryStandard, Dependency, Plan, Task
from punctual.domain.plans.models.templates import (
    PlanTemplate,
    ProductTemplate,
    TemplateBudget,
    TemplateEdition,
    TemplateLink,
    TemplateNeed,
    TemplateStandard,
    TemplateTask,
)

__all__ = [
    "AT_CONFIRMATION",
    "BASELINE_NAMES",
    "ONE_OF_SKILL_AND_RESOURCE",
    "Assignment",
    "Baseline",
    "BaselineTask",
    "BudgetKind",
    "BudgetLine",
    "Constraint",
    "DeliveryStandard",
    "Dependency",
    "EditState",
    "LagUnit",
    "LinkFacts",
    "LinkType",
    "NeedFacts",
    "Plan",
    "PlanEdit",
    "PlanTemplate",
    "ProductTemplate",
    "Task",
    "TemplateBudget",
    "TemplateEdition",
    "TemplateLink",
    "TemplateNeed",
    "TemplateStandard",
    "TemplateTask",
]
