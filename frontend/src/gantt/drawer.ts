// The panel of one task: facts, needs, what it waits for. Every field sends its own command.
import type { Model } from "./model";
import type { Command, Link, Named, Task, Words } from "./types";

export interface DrawerHost {
  model: Model;
  words: Words;
  mayEdit: boolean;
  mayReport: boolean;
  send: (command: Command) => void;
}

export class Drawer {
  constructor(
    private box: HTMLElement,
    private host: DrawerHost,
  ) {
    box.addEventListener("change", (event) => this.changed(event.target as HTMLInputElement));
    box.addEventListener("click", (event) => this.clicked(event.target as HTMLElement));
    for (const [name, rows] of [["calendar", host.model.data.calendars]] as [string, Named[]][]) this.options(this.field(name) as HTMLSelectElement, rows);
    const need = box.querySelector<HTMLSelectElement>("[data-need-pick]");
    if (need) {
      this.options(need, host.model.data.skills, "s");
      this.options(need, host.model.data.resources, "r");
    }
  }

  get isOpen(): boolean {
    return !this.box.hidden;
  }

  open(): void {
    this.box.hidden = false;
    this.fill();
    this.box.querySelector<HTMLElement>("[data-field=name]")?.focus();
  }

  close(): void {
    this.box.hidden = true;
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement | null {
    return this.box.querySelector(`[data-field="${name}"]`);
  }

  private options(select: HTMLSelectElement | null, rows: Named[], prefix = ""): void {
    for (const row of rows) select?.append(new Option(row.name, prefix + String(row.id)));
  }

  fill(): void {
    const task = this.host.model.current;
    if (this.box.hidden || !task) return;
    const title = this.box.querySelector("[data-title]");
    if (title) title.textContent = `${task.wbs} ${task.name}`;
    const page = this.box.querySelector<HTMLAnchorElement>("[data-task-page]");
    if (page) page.href = `/tasks/${task.id}/`;
    const values: Record<string, string | boolean> = {
      name: task.name,
      duration: this.host.model.durationText(task),
      percent: String(task.percent),
      is_milestone: task.is_milestone,
      is_delivery: task.is_delivery,
      constraint: task.constraint,
      constraint_date: task.constraint_date?.slice(0, 10) ?? "",
      deadline: task.deadline?.slice(0, 10) ?? "",
      actual_start: task.actual_start?.slice(0, 10) ?? "",
      actual_finish: task.actual_finish?.slice(0, 10) ?? "",
      calendar: task.calendar === null ? "" : String(task.calendar),
      notes: task.notes,
    };
    for (const [name, value] of Object.entries(values)) {
      const field = this.field(name);
      if (!field || field === document.activeElement) continue;
      if (typeof value === "boolean") (field as HTMLInputElement).checked = value;
      else field.value = value;
      const report = ["percent", "actual_start", "actual_finish"].includes(name);
      field.disabled = (report ? !this.host.mayReport : !this.host.mayEdit) || (task.is_summary && !["name", "notes"].includes(name));
    }
    const held = this.box.querySelector<HTMLElement>("[data-not-before]");
    if (held) {
      held.hidden = !task.not_before || task.actual_start !== null;
      const words = held.querySelector("[data-user-content]");
      if (words) words.textContent = `${task.not_before?.slice(0, 10) ?? ""} · ${task.not_before_text}`;
    }
    this.lists(task);
  }

  private lists(task: Task): void {
    const { model, words, mayEdit } = this.host;
    const needs = this.box.querySelector("[data-needs]");
    needs?.replaceChildren(
      ...model.needs
        .filter((need) => need.task === task.id)
        .map((need) => {
          const skill = model.data.skills.find((one) => one.id === (need.skill ?? need.asked))?.name ?? "";
          const named = model.data.resources.find((one) => one.id === need.resource)?.name ?? "";
          const name = named && skill ? `${named} (${skill})` : named || skill;
          return this.item(`${name} ×${need.units}`, mayEdit ? () => this.assign(task, need.id) : null, words.remove ?? "");
        }),
    );
    const links = this.box.querySelector("[data-links]");
    links?.replaceChildren(...model.links.filter((link) => link.successor === task.id).map((link) => this.linkRow(link)));
    const pick = this.box.querySelector<HTMLSelectElement>("[data-link-pick]");
    if (pick) {
      const first = pick.options[0];
      pick.replaceChildren(...(first ? [first] : []));
      for (const one of model.rows) if (one.id !== task.id) pick.append(new Option(`${one.wbs} ${one.name}`, String(one.id)));
    }
  }

  private item(text: string, remove: (() => void) | null, label: string): HTMLElement {
    const row = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = text;
    words.className = "el";
    words.dataset.userContent = "";
    row.append(words);
    if (remove) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "icb";
      button.setAttribute("aria-label", `${label} ${text}`);
      button.textContent = "×";
      button.addEventListener("click", remove);
      row.append(button);
    }
    return row;
  }

  private linkRow(link: Link): HTMLElement {
    const { model, mayEdit, words } = this.host;
    const other = model.tasks.get(link.predecessor);
    const row = this.item(`${other?.wbs ?? ""} ${other?.name ?? ""}`, mayEdit ? () => this.host.send({ verb: "unlink", link: link.id }) : null, words.remove ?? "");
    row.dataset.linkRow = String(link.id);
    const kind = document.createElement("select");
    kind.className = "inp xs";
    kind.setAttribute("aria-label", words.link_type ?? "");
    for (const type of ["FS", "SS", "FF", "SF"]) kind.append(new Option(type, type, false, type === link.type));
    const lag = document.createElement("input");
    lag.className = "inp xs";
    lag.setAttribute("aria-label", words.lag ?? "");
    lag.value = link.lag_unit === "percent" ? `${link.lag}%` : link.lag_unit === "elapsed" ? `${link.lag / 1440}e` : String(Math.round((link.lag / model.data.day_minutes) * 100) / 100);
    const change = () => {
      const text = lag.value.trim();
      const number = Number(text.replace("−", "-").replace(/[^\d.-]/g, "")) || 0;
      const unit = text.endsWith("%") ? "percent" : text.endsWith("e") ? "elapsed" : "working";
      const size = unit === "percent" ? number : number * (unit === "elapsed" ? 1440 : model.data.day_minutes);
      this.host.send({ verb: "relink", link: link.id, type: kind.value, lag: Math.round(size), lag_unit: unit });
    };
    for (const field of [kind, lag]) {
      field.disabled = !mayEdit;
      field.addEventListener("change", (event) => {
        event.stopPropagation();
        change();
      });
    }
    row.insertBefore(kind, row.children[1] ?? null);
    row.insertBefore(lag, row.children[2] ?? null);
    return row;
  }

  private assign(task: Task, without: number | null, added?: { skill?: number; resource?: number; units: number }): void {
    const kept = this.host.model.needs.filter((need) => need.task === task.id && need.id !== without).map(({ skill, resource, units, asked }) => ({ skill, resource, units, asked }));
    this.host.send({ verb: "assign", task: task.id, needs: added ? [...kept, added] : kept });
  }

  private clicked(target: HTMLElement): void {
    const task = this.host.model.current;
    const act = target.closest<HTMLElement>("[data-do]")?.dataset.do;
    if (!task || !act) return;
    if (act === "close") this.close();
    if (act === "add-need") {
      const pick = this.box.querySelector<HTMLSelectElement>("[data-need-pick]")?.value ?? "";
      const units = Number(this.box.querySelector<HTMLInputElement>("[data-need-units]")?.value ?? 1);
      if (pick) this.assign(task, null, { [pick[0] === "s" ? "skill" : "resource"]: Number(pick.slice(1)), units });
    }
    if (act === "add-link") {
      const other = Number(this.box.querySelector<HTMLSelectElement>("[data-link-pick]")?.value ?? 0);
      if (other) this.host.send({ verb: "link", predecessor: other, successor: task.id });
    }
  }

  private changed(field: HTMLInputElement): void {
    const task = this.host.model.current;
    const name = field.dataset.field;
    if (!task || !name) return;
    const day = (value: string, end = false) => (value ? `${value}T${end ? "17:00" : "08:00"}` : null);
    if (["percent", "actual_start", "actual_finish"].includes(name)) {
      const value = (one: string) => this.field(one)?.value ?? "";
      this.host.send({ verb: "progress", task: task.id, percent: Number(value("percent")), actual_start: day(value("actual_start")), actual_finish: day(value("actual_finish"), true) });
      return;
    }
    const values: Record<string, unknown> = {};
    if (name === "constraint" || name === "constraint_date") {
      const kind = this.field("constraint")?.value ?? "ASAP";
      const date = this.field("constraint_date")?.value ?? "";
      const needs = kind !== "ASAP" && kind !== "ALAP";
      if (needs && !date) {
        this.field("constraint_date")?.focus();
        return;
      }
      values.constraint = kind;
      if (needs) values.constraint_date = day(date, kind[0] === "F" || kind === "MFO");
    } else if (name === "duration") {
      const elapsed = field.value.trim().endsWith("e");
      values.duration = Math.round(Number(field.value.replace(/[^\d.]/g, "")) * (elapsed ? 1440 : this.host.model.data.day_minutes));
      if (elapsed !== task.is_elapsed) values.is_elapsed = elapsed;
    } else if (name === "deadline") values.deadline = day(field.value, true);
    else if (name === "calendar") values.calendar = field.value ? Number(field.value) : null;
    else values[name] = field.type === "checkbox" ? field.checked : field.value;
    this.host.send({ verb: "change", task: task.id, values });
  }
}
