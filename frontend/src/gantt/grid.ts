// The table on the left: a tree of rows, edited in place, driven by the keyboard.
import { escape, ROW } from "./draw";
import type { Model } from "./model";
import { shortDay } from "./scale";
import type { Command, Task, Words } from "./types";

export interface GridHost {
  model: Model;
  words: Words;
  chinese: boolean;
  mayEdit: boolean;
  due: () => string | null;
  send: (command: Command) => void;
  redraw: () => void;
  select: (id: number | null, also?: boolean) => void;
  open: () => void;
  reveal: (row: number) => void;
}

const use = (name: string) => `<svg class="i i-s" aria-hidden="true"><use href="${document.getElementById("gantt")?.dataset.icons ?? ""}#${name}"/></svg>`;

type Column = "name" | "duration" | "start" | "finish";

export class Grid {
  private editing: HTMLInputElement | null = null;

  constructor(
    private body: HTMLElement,
    private host: GridHost,
  ) {
    body.addEventListener("click", (event) => this.click(event));
    body.addEventListener("dblclick", (event) => this.begin(event.target as HTMLElement));
    body.addEventListener("keydown", (event) => this.key(event));
    body.addEventListener("focusin", (event) => this.focused(event));
  }

  draw(top: number, height: number): void {
    if (this.editing) return;
    const { model } = this.host;
    const first = Math.max(0, Math.floor(top / ROW));
    const last = Math.min(model.rows.length - 1, Math.ceil((top + height) / ROW));
    const hadFocus = this.body.contains(document.activeElement);
    let html = "";
    for (let index = first; index <= last; index++) html += this.row(model.rows[index] as Task, index, first);
    this.body.innerHTML = html;
    this.body.style.transform = `translateY(${first * ROW - top}px)`;
    this.body.closest("[role=treegrid]")?.setAttribute("aria-rowcount", String(model.rows.length + 1));
    if (hadFocus) this.focus();
  }

  private row(task: Task, index: number, first: number): string {
    const { model, chinese, words } = this.host;
    const on = task.id === model.selected || model.also.has(task.id);
    const late = this.host.due() !== null && task.finish.slice(0, 10) > (this.host.due() ?? "");
    const red = task.is_critical && task.percent < 100;
    const folded = model.folded.has(task.id);
    const twist = task.is_summary
      ? `<button type="button" class="tw" tabindex="-1" data-fold="${task.id}" aria-label="${folded ? words.unfold : words.fold}">${use(folded ? "chevron-right" : "chevron-down")}</button>`
      : task.is_milestone
        ? use("diamond")
        : "";
    const float = task.percent >= 100 ? "—" : model.days(task.total_float);
    const cell = (css: string, html: string, column = "", title = "") =>
      `<span role="gridcell" class="${css}"${column ? ` data-col="${column}"` : ""}${title ? ` title="${escape(title)}"` : ""}>${html}</span>`;
    const active = on && task.id === model.selected ? 0 : model.selected === null && index === first ? 0 : -1;
    return (
      `<div class="gr${on ? " on" : ""}${task.level === 0 && task.is_summary ? " sum" : ""}" role="row" data-id="${task.id}" tabindex="${active}"` +
      ` aria-level="${task.level + 1}" aria-rowindex="${index + 2}" aria-selected="${on}"${task.is_summary ? ` aria-expanded="${!folded}"` : ""}>` +
      cell("wb", task.wbs) +
      cell(`nm in${Math.min(task.level, 5)}${task.is_summary ? " b" : ""}`, `${twist}<span class="el" title="${escape(task.name)}" data-user-content>${escape(task.name)}</span>`, "name") +
      cell("r", model.durationText(task), "duration") +
      cell("n", shortDay(task.start, chinese), "start") +
      cell(`n${late || (red && late) ? " late" : ""}`, shortDay(task.finish, chinese), "finish") +
      cell(`r${red ? " late" : ""}`, float) +
      cell("ow", `<span data-user-content>${escape(model.owners(task))}</span>`, "", model.owners(task)) +
      "</div>"
    );
  }

  focus(): void {
    const wanted = this.body.querySelector<HTMLElement>(`[data-id="${this.host.model.selected}"]`) ?? this.body.querySelector<HTMLElement>(".gr");
    wanted?.focus({ preventScroll: true });
  }

  private id(element: Element | null): number | null {
    const row = element?.closest<HTMLElement>("[data-id]");
    return row ? Number(row.dataset.id) : null;
  }

  private focused(event: FocusEvent): void {
    const id = this.id(event.target as Element);
    if (id !== null && this.host.model.selected === null) this.host.select(id);
  }

  private click(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    if (target instanceof HTMLInputElement) return;
    const twist = target.closest<HTMLElement>("[data-fold]");
    if (twist) {
      const id = Number(twist.dataset.fold);
      this.host.model.fold(id, !this.host.model.folded.has(id));
      this.host.redraw();
      return;
    }
    const id = this.id(target);
    if (id === null) return;
    const again = id === this.host.model.selected && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    this.host.reveal(this.host.model.rowOf.get(id) ?? 0);
    this.host.select(id, event.ctrlKey || event.metaKey || event.shiftKey);
    this.focus();
    if (again && this.host.mayEdit) this.begin(this.body.querySelector<HTMLElement>(`[data-id="${id}"] [data-col="${target.closest<HTMLElement>("[data-col]")?.dataset.col}"]`));
  }

  private move(by: number): void {
    const { model } = this.host;
    const at = model.selected === null ? -1 : (model.rowOf.get(model.selected) ?? -1);
    const row = Math.min(model.rows.length - 1, Math.max(0, at + by));
    this.host.reveal(row);
    this.host.select(model.rows[row]?.id ?? null);
    this.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement) return;
    const { model, mayEdit } = this.host;
    const task = model.current;
    const shifted = event.altKey && event.shiftKey;
    const does: Record<string, (() => void) | undefined> = {
      ArrowDown: () => this.move(1),
      ArrowUp: () => this.move(-1),
      PageDown: () => this.move(15),
      PageUp: () => this.move(-15),
      Home: () => this.move(-1e6),
      End: () => this.move(1e6),
      " ": () => this.host.open(),
      ArrowRight: () => (shifted ? this.send("indent") : this.fold(false)),
      ArrowLeft: () => (shifted ? this.send("outdent") : this.fold(true)),
      Enter: () => this.begin(this.cell("name")),
      F2: () => this.begin(this.cell("name")),
      e: () => this.begin(this.cell("name")),
      Insert: mayEdit && task ? () => this.host.send({ verb: "add", after: task.id, name: this.host.words.new_task ?? "" }) : undefined,
      Delete: mayEdit && task ? () => this.send("delete") : undefined,
      l: mayEdit && model.chosen().length > 1 ? () => this.host.send({ verb: "link", tasks: model.chosen() }) : undefined,
    };
    const act = does[event.key];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  private send(verb: string): void {
    if (this.host.mayEdit && this.host.model.chosen().length) this.host.send({ verb, tasks: this.host.model.chosen() });
  }

  private fold(shut: boolean): void {
    const task = this.host.model.current;
    if (!task?.is_summary) return;
    this.host.model.fold(task.id, shut);
    this.host.redraw();
  }

  private cell(column: Column): HTMLElement | null {
    return this.body.querySelector<HTMLElement>(`[data-id="${this.host.model.selected}"] [data-col="${column}"]`);
  }

  private begin(target: HTMLElement | null): void {
    const cell = target?.closest<HTMLElement>("[data-col]");
    const id = this.id(cell ?? null);
    const task = id === null ? undefined : this.host.model.tasks.get(id);
    if (!cell || !task || !this.host.mayEdit || this.editing) return;
    const column = cell.dataset.col as Column;
    if (task.is_summary && column !== "name") return;
    const input = document.createElement("input");
    input.className = "inp ed";
    input.setAttribute("aria-label", this.host.words[column] ?? column);
    input.type = column === "start" || column === "finish" ? "date" : "text";
    input.value = { name: task.name, duration: this.host.model.durationText(task), start: task.start.slice(0, 10), finish: task.finish.slice(0, 10) }[column];
    cell.replaceChildren(input);
    cell.classList.add("edc");
    this.editing = input;
    input.focus();
    input.select();
    input.addEventListener("blur", () => this.end(task, column, true));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.end(task, column, false);
      else if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        this.end(task, column, true);
        const next = ({ name: "duration", duration: "start", start: "finish", finish: "name" } as const)[column];
        if (event.key === "Tab" && !event.shiftKey) this.begin(this.cell(next));
        else this.focus();
      } else return;
      event.stopPropagation();
    });
  }

  private end(task: Task, column: Column, keep: boolean): void {
    const input = this.editing;
    if (!input) return;
    this.editing = null;
    const value = input.value.trim();
    const command = keep ? this.command(task, column, value) : null;
    this.host.redraw();
    if (command) this.host.send(command);
  }

  private command(task: Task, column: Column, value: string): Command | null {
    if (!value) return null;
    if (column === "name") return value === task.name ? null : { verb: "change", task: task.id, values: { name: value } };
    if (column === "duration") {
      if (value === this.host.model.durationText(task)) return null;
      const elapsed = value.endsWith("e");
      const days = Number(value.replace(/[^\d.]/g, ""));
      const minutes = Math.round(days * (elapsed ? 1440 : this.host.model.data.day_minutes));
      return { verb: "change", task: task.id, values: elapsed === task.is_elapsed ? { duration: minutes } : { duration: minutes, is_elapsed: elapsed } };
    }
    if (value === task[column].slice(0, 10)) return null;
    return column === "start" ? { verb: "move", task: task.id, start: value } : { verb: "resize", task: task.id, finish: `${value}T23:59` };
  }
}
