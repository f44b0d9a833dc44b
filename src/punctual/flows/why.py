"""Why an order is delivered when it is: the driving chain of the current schedule as words with links.

The chain is data of the engine; here each link becomes a step: a sentence of the catalogues with places, and what
stands in them, so that a page can make links of the parts and both languages say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from punctual.domain.monitoring.models import Block
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Baseline, BaselineTask, Dependency, Task
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.promising import Names
from punctual.domain.scheduling.selectors import axis_of, book_of, chain_in, current_run
from punctual.engine.explain import Cause, Link
from punctual.flows.promise_at_entry import names
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User

MOST: Final = 7
DAY_SLOTS: Final = 8

Part = tuple[str, str]
"""(text, address); an empty address is no link."""

MaterialFacts = Callable[[int], Mapping[str, Any] | None]
"""Task id → what is known of the material it waits for: name, supplier, number, url, days_late; of what nobody has
ordered name and url."""
MATERIAL: Final[list[MaterialFacts]] = []


def explain_material(function: MaterialFacts) -> None:
    """Let a subject that knows purchases say what a task waits for."""
    if function not in MATERIAL:
        MATERIAL.append(function)


@dataclass(frozen=True, slots=True)
class Step:
    """``text`` with places; ``parts`` fill them; ``days`` that this cause explains; ``root``: it can be acted on."""

    cause: str
    text: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    days: float = 0.0
    root: bool = False
    task_id: int | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """``steps`` from the delivery back to the root; ``without`` the step of which removing the cause gains most."""

    steps: Sequence[Step] = ()
    without: Step | None = None

    def briefly(self, most: int) -> list[Step]:
        """For a row of a list: what can be acted on, the earliest first, and then the delivery; else the way there."""
        if not any(step.root for step in self.steps):
            return list(reversed(self.steps[:most]))
        causes = [step for step in reversed(self.steps) if step.root][: most - 1]
        return causes if self.steps[0].root else [*causes, self.steps[0]]


def why_late(actor: User, order: Order) -> Why:
    """The chain of one order in the schedule that everybody sees; empty before the first schedule."""
    return why_all_late(actor, [order])[order.pk]


def why_all_late(actor: User, orders: Sequence[Order]) -> dict[int, Why]:
    """The same of some orders, by their ids."""
    run = current_run(actor) if orders else None
    book = book_of(run) if run else None
    if book is None:
        return {order.pk: Why() for order in orders}
    chains = {order.pk: chain_in(book, order.pk) for order in orders}
    said = _Said(book, [link for chain in chains.values() for link in chain])
    axis = axis_of(book)
    return {
        order.pk: _Teller(book, axis, order, chains[order.pk], said).told() if chains[order.pk] else Why()
        for order in orders
    }


class _Said:
    """What the links of some chains speak of."""

    def __init__(self, book: Book, links: Sequence[Link]) -> None:
        named = {name for link in links for name in (link.task, link.by) if name}
        self.pieces = {name: book.pieces[book.index[name]] for name in named if name in book.index}
        ids = [piece.task for piece in self.pieces.values() if piece.task]
        self.tasks = Task.objects.filter(pk__in=ids).in_bulk()
        orders = {piece.order for piece in self.pieces.values()}
        self.orders = Order.objects.filter(pk__in=orders).select_related("customer").in_bulk()
        self.blocks = dict(Block.objects.filter(task__in=ids, cleared_at=None).values_list("task_id", "reason"))

    @cached_property
    def called(self) -> Names:
        return names()


class _Teller:
    def __init__(self, book: Book, axis: Axis, order: Order, chain: Sequence[Link], said: _Said) -> None:
        self.book, self.axis, self.order, self.chain, self.said = book, axis, order, chain, said
        self.pieces, self.tasks, self.orders, self.blocks = said.pieces, said.tasks, said.orders, said.blocks

    def told(self) -> Why:
        steps = [step for link in self.chain if (step := self._step(link)) is not None]
        steps = _shortened(steps)
        history = self._history()
        if history is not None:
            steps.append(history)
        with_gain = [link for link in self.chain if link.cause in _REMOVABLE and link.slack > 0]
        best = max(with_gain, key=lambda link: link.slack, default=None)
        return Why(steps, self._counterfactual(best) if best else None)

    # ---------------------------------------------------------------------------------------------------- parts

    def _task(self, name: str) -> Part:
        piece = self.pieces.get(name)
        if piece is None or piece.task is None:
            return (piece.name if piece else name, "")
        task = self.tasks.get(piece.task)
        return (str(task) if task else piece.name, f"/tasks/{piece.task}/")

    def _whose(self, name: str) -> Part:
        """The task with its order, where that is another one than the order in question."""
        words, address = self._task(name)
        other = self.orders.get(self.pieces[name].order)
        return (f"{other.label} {words}" if other is not None and other.pk != self.order.pk else words, address)

    def _order(self, name: str) -> Part:
        piece = self.pieces.get(name)
        order = self.orders.get(piece.order) if piece else None
        if order is None:
            return ("", "")
        grade = f" ({order.customer.grade})" if order.customer else ""
        return (f"{order.label}{grade}", f"/orders/{order.key}/")

    def _pool(self, name: str) -> Part:
        return (self.said.called.pool(name) if name else "", "/capacity/" if name else "")

    def _day(self, slot: float) -> Part:
        return (self.axis.day_of(int(slot)).isoformat(), "")

    # -------------------------------------------------------------------------------------------------- sentences

    def _step(self, link: Link) -> Step | None:
        piece = self.pieces[link.task]
        parts: dict[str, Part] = {"task": self._whose(link.task), "day": self._day(link.instant)}
        days = round(link.wait / DAY_SLOTS, 1)

        def make(text: str, **more: Part) -> Step:
            return Step(link.cause.value, text, parts | more, days, link.cause in _REMOVABLE, piece.task)

        if link.cause is Cause.PREDECESSOR:
            return make(N_("“%(task)s” waits for “%(by)s”, done on %(day)s."), by=self._task(link.by))
        if link.cause is Cause.RESOURCE:
            other = self.pieces.get(link.by)
            more = {"by": self._task(link.by), "pool": self._pool(link.what), "order": self._order(link.by)}
            if other is not None and other.order != piece.order:
                text = N_("“%(task)s” waits for %(pool)s until %(day)s, held by %(order)s for “%(by)s”.")
                return make(text, **more)
            return make(
                N_("“%(task)s” waits for %(pool)s until %(day)s, busy with “%(by)s” of the same order."), **more
            )
        if link.cause is Cause.MATERIAL:
            return self._material(link, make)
        if link.cause is Cause.CONSTRAINT:
            return make(N_("“%(task)s” may not begin before %(day)s: that date is set in the plan."))
        if link.cause is Cause.CALENDAR:
            return make(N_("Nobody who can do “%(task)s” is there before %(day)s."))
        if link.cause is Cause.CHOICE:
            return make(N_("“%(task)s” could begin earlier; the schedule gives other orders the room until %(day)s."))
        reason = self.blocks.get(piece.task or 0)
        if reason:
            return make(N_("“%(task)s” is blocked: %(reason)s"), reason=(reason, ""))
        return None

    def _material(self, link: Link, make: Callable[..., Step]) -> Step:
        task = self.pieces[link.task].task
        facts = next((found for one in MATERIAL if task and (found := one(task))), None)
        if facts is None:
            return make(N_("“%(task)s” waits for material that comes on %(day)s."))
        if "supplier" not in facts:
            text = N_("“%(task)s” waits for %(material)s that nobody has ordered; ordered today it comes on %(day)s.")
            return make(text, material=(str(facts["name"]), str(facts["url"])))
        late = int(facts.get("days_late") or 0)
        more = {
            "material": (str(facts.get("name", "")), ""),
            "supplier": (str(facts.get("supplier", "")), ""),
            "number": (str(facts.get("number", "")), str(facts.get("url", ""))),
            "late": (str(late), ""),
        }
        if late > 0:
            text = N_("“%(task)s” waits for %(material)s from %(supplier)s (%(number)s), %(late)s days late: %(day)s.")
            return make(text, **more)
        return make(N_("“%(task)s” waits for %(material)s from %(supplier)s (%(number)s), due %(day)s."), **more)

    def _history(self) -> Step | None:
        """What is over and still to blame: the work before the last task of the chain that ended later than agreed."""
        piece = self.pieces.get(self.chain[-1].task)
        if piece is None or piece.task is None:
            return None
        before = list(Dependency.objects.filter(successor_id=piece.task).values_list("predecessor_id", flat=True))
        ended = Task.objects.filter(pk__in=before, actual_finish__isnull=False).order_by("-actual_finish").first()
        if ended is None:
            return None
        last = Baseline.objects.filter(plan=ended.plan_id).order_by("-number").first()
        was = BaselineTask.objects.filter(baseline=last, task_ref=ended.pk).first()
        done = plan_time(ended.actual_finish)
        agreed = plan_time(was.finish) if was else None
        if done is None or agreed is None or (late := (done.date() - agreed.date()).days) <= 0:
            return None
        need = ended.needs.filter(resource__supplier__isnull=False).select_related("resource__supplier").first()
        parts: dict[str, Part] = {
            "task": (str(ended), f"/tasks/{ended.pk}/"),
            "late": (str(late), ""),
            "day": (done.date().isoformat(), ""),
            "next": self._task(piece.id),
        }
        if need is not None and need.resource is not None and need.resource.supplier is not None:
            supplier = need.resource.supplier
            parts["supplier"] = (str(supplier), f"/suppliers/{supplier.pk}/")
            text = N_(
                "“%(task)s” came from %(supplier)s %(late)s days late, on %(day)s; “%(next)s” could only then begin."
            )
        else:
            text = N_("“%(task)s” ended %(late)s days later than agreed, on %(day)s; “%(next)s” could only then begin.")
        return Step("history", text, parts, float(late), root=True, task_id=ended.pk)

    def _counterfactual(self, link: Link) -> Step:
        """Removing this cause alone: the next best cause bounds what is gained."""
        days = link.slack / DAY_SLOTS
        parts: dict[str, Part] = {
            "task": self._whose(link.task),
            "pool": self._pool(link.what),
            "days": (f"{days:.1f}".rstrip("0").rstrip("."), ""),
        }
        if link.cause is Cause.RESOURCE:
            text = N_("One more of %(pool)s for “%(task)s” would bring delivery up to %(days)s working days forward.")
        elif link.cause is Cause.MATERIAL:
            text = N_("Earlier material for “%(task)s” would bring delivery up to %(days)s working days forward.")
        else:
            text = N_("Without what holds “%(task)s” delivery would come up to %(days)s working days forward.")
        return Step(link.cause.value, text, parts, days)


_REMOVABLE: Final = (Cause.RESOURCE, Cause.MATERIAL, Cause.CONSTRAINT, Cause.CHOICE, Cause.CALENDAR, Cause.SUPPLIER)


def _shortened(steps: Sequence[Step]) -> list[Step]:
    """The delivery's own step, what can be acted on, and the way between, at most ``MOST``."""
    if len(steps) <= MOST:
        return list(steps)
    keep = [at for at, step in enumerate(steps) if step.root or at in (0, len(steps) - 1)]
    spare = [at for at in range(len(steps)) if at not in keep]
    keep = sorted([*keep, *spare[: max(0, MOST - len(keep))]])
    return [steps[at] for at in keep[:MOST]]
