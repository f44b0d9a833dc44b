// What the pointer does on the chart: move, resize, report, link. Nothing is decided here; a command is sent.
import { ROW } from "./draw";
import type { Model } from "./model";
import { isoDay, type Scale, shortDay } from "./scale";
import type { Command, Task } from "./types";

export interface DragHost {
  model: Model;
  scale: () => Scale;
  left: () => number;
  top: () => number;
  chinese: boolean;
  mayEdit: boolean;
  mayReport: boolean;
  send: (command: Command) => void;
  select: (id: number | null, also?: boolean) => void;
  open: () => void;
  editLink: (id: number) => void;
}

type Kind = "move" | "edge" | "knob" | "dot";

interface Grip {
  kind: Kind;
  task: Task;
  x: number;
  end: "start" | "finish";
  moved: boolean;
}

export function dragging(svg: SVGSVGElement, host: DragHost): void {
  let grip: Grip | null = null;
  const ghost = () => svg.querySelector("#gantt-ghost");
  const local = (event: PointerEvent) => {
    const box = svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  svg.addEventListener("pointerdown", (event) => {
    const target = event.target as Element;
    const line = target.closest<SVGElement>("[data-link]");
    if (line) {
      host.editLink(Number(line.dataset.link));
      return;
    }
    const group = target.closest<SVGElement>("[data-task]");
    const task = group ? host.model.tasks.get(Number(group.dataset.task)) : undefined;
    if (!task) {
      const row = host.model.rows[Math.floor((local(event).y + host.top()) / ROW)];
      if (row) host.select(row.id);
      return;
    }
    const kind: Kind = target.classList.contains("edge") ? "edge" : target.classList.contains("knob") ? "knob" : target.classList.contains("dot") ? "dot" : "move";
    const allowed = kind === "knob" ? host.mayReport : host.mayEdit;
    if (!allowed || task.is_summary || (kind === "move" && (task.actual_start || task.percent > 0))) {
      host.select(task.id, event.ctrlKey || event.metaKey);
      return;
    }
    grip = { kind, task, x: local(event).x, end: (target as SVGElement).dataset.end === "start" ? "start" : "finish", moved: false };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });

  svg.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const at = local(event);
    if (Math.abs(at.x - grip.x) > 3) grip.moved = true;
    if (!grip.moved) return;
    const box = ghost();
    if (box) box.innerHTML = picture(grip, at);
  });

  svg.addEventListener("pointerup", (event) => {
    const held = grip;
    grip = null;
    const box = ghost();
    if (box) box.innerHTML = "";
    if (!held) return;
    host.select(held.task.id, event.ctrlKey || event.metaKey);
    if (!held.moved) return;
    const command = result(held, local(event), event);
    if (command) host.send(command);
  });
  svg.addEventListener("pointercancel", () => {
    grip = null;
  });
  svg.addEventListener("dblclick", (event) => {
    if ((event.target as Element).closest("[data-task]")) host.open();
  });

  function span(task: Task): [number, number] {
    const scale = host.scale();
    return [scale.x(task.start) - host.left(), scale.x(task.finish) - host.left()];
  }

  function days(held: Grip, x: number): number {
    return Math.round((x - held.x) / host.scale().dayWidth);
  }

  function lastDay(held: Grip, x: number): number {
    const scale = host.scale();
    const first = scale.dayAt(scale.x(held.task.start) + 0.01);
    return Math.max(first, Math.round((x + host.left()) / scale.dayWidth) + scale.first - 1);
  }

  function share(held: Grip, x: number): number {
    const [x1, x2] = span(held.task);
    return Math.min(100, Math.max(0, Math.round((((x - x1) / (x2 - x1)) * 100) / 5) * 5));
  }

  function picture(held: Grip, at: { x: number; y: number }): string {
    const [x1, x2] = span(held.task);
    const y = (host.model.rowOf.get(held.task.id) ?? 0) * ROW - host.top();
    const scale = host.scale();
    const tip = (x: number, text: string) => `<text x="${x + 8}" y="${y + 2}" class="halo b">${text}</text>`;
    if (held.kind === "dot") return `<path d="M${held.end === "start" ? x1 : x2} ${y + 12.5}L${at.x} ${at.y}" class="s-acc w2 nf"/><circle cx="${at.x}" cy="${at.y}" r="4" class="f-acc"/>`;
    if (held.kind === "knob") return tip(at.x, `${share(held, at.x)}%`);
    const by = days(held, at.x) * scale.dayWidth;
    const from = held.kind === "move" ? x1 + by : x1;
    const to = held.kind === "move" ? x2 + by : scale.xDay(lastDay(held, at.x) + 1) - host.left();
    const text = held.kind === "move" ? shortDay(scale.dayAt(from + host.left() + 1), host.chinese) : shortDay(lastDay(held, at.x), host.chinese);
    return `<rect x="${from}" y="${y + 5}" width="${Math.max(4, to - from)}" height="15" rx="3" class="ghost"/>${tip(held.kind === "move" ? from : to, text)}`;
  }

  function result(held: Grip, at: { x: number; y: number }, event: PointerEvent): Command | null {
    const { task } = held;
    if (held.kind === "move") {
      const by = days(held, at.x);
      const scale = host.scale();
      return by ? { verb: "move", task: task.id, start: isoDay(scale.dayAt(scale.x(task.start) + 0.01) + by) } : null;
    }
    if (held.kind === "edge") return { verb: "resize", task: task.id, finish: `${isoDay(lastDay(held, at.x))}T23:59` };
    if (held.kind === "knob") return { verb: "progress", task: task.id, percent: share(held, at.x) };
    const over = document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.closest<SVGElement>("[data-task]")).find(Boolean);
    const other = over ? host.model.tasks.get(Number(over.dataset.task)) : undefined;
    if (!other || other.id === task.id) return null;
    const [x1, x2] = span(other);
    const arrives = at.x > (x1 + x2) / 2 && !other.is_milestone ? "F" : "S";
    return { verb: "link", predecessor: task.id, successor: other.id, type: `${held.end === "start" ? "S" : "F"}${arrives}` };
  }
}
