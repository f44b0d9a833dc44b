// The plan as the page holds it: rows in the order of the outline, what is folded, and how an answer changes them.
import { type Answer, type BaselineRow, type Link, type Need, type PlanData, type Task } from "./types";

export class Model {
  tasks = new Map<number, Task>();
  links: Link[] = [];
  needs: Need[] = [];
  folded = new Set<number>();
  rows: Task[] = [];
  rowOf = new Map<number, number>();
  baseline = new Map<number, BaselineRow>();
  against = new Map<number, BaselineRow>();
  p80 = new Map<number, string>();
  free = new Set<string>();
  selected: number | null = null;
  also = new Set<number>();

  constructor(public data: PlanData) {
    this.load(data);
  }

  load(data: PlanData): void {
    this.data = data;
    this.tasks = new Map(data.tasks.map((task) => [task.id, task]));
    this.links = data.links;
    this.needs = data.needs;
    this.free = new Set(data.free_days);
    this.arrange();
  }

  take(answer: Answer): void {
    this.data.plan = answer.plan;
    this.data.history = answer.history;
    for (const id of answer.removed) this.tasks.delete(id);
    for (const task of answer.tasks) this.tasks.set(task.id, task);
    if (answer.links) this.links = answer.links;
    if (answer.needs) this.needs = answer.needs;
    const created = answer.created[0];
    if (created !== undefined) this.selected = created;
    if (this.selected !== null && !this.tasks.has(this.selected)) this.selected = null;
    this.arrange();
  }

  // A summary reaches as far as the farthest of its tasks.
  foresee(days: Map<number, string>): void {
    this.p80 = new Map(days);
    for (const [id, day] of days) {
      for (let above = this.tasks.get(id)?.parent; above; above = this.tasks.get(above)?.parent) {
        if (day > (this.p80.get(above) ?? "")) this.p80.set(above, day);
      }
    }
  }

  arrange(): void {
    const all = [...this.tasks.values()].sort((a, b) => a.sequence - b.sequence);
    const hidden = new Set<number>();
    this.rows = [];
    for (const task of all) {
      if (task.parent !== null && (hidden.has(task.parent) || this.folded.has(task.parent))) hidden.add(task.id);
      else this.rows.push(task);
    }
    this.rowOf = new Map(this.rows.map((task, index) => [task.id, index]));
  }

  fold(id: number, shut: boolean): void {
    if (shut) this.folded.add(id);
    else this.folded.delete(id);
    this.arrange();
  }

  get current(): Task | undefined {
    return this.selected === null ? undefined : this.tasks.get(this.selected);
  }

  chosen(): number[] {
    const found = new Set(this.also);
    if (this.selected !== null) found.add(this.selected);
    return this.rows.filter((task) => found.has(task.id)).map((task) => task.id);
  }

  days(minutes: number): string {
    const days = minutes / this.data.day_minutes;
    return String(Math.round(days * 10) / 10).replace("-", "−");
  }

  // Elapsed tasks are told in days on the clock, others in working days.
  durationText(task: Task): string {
    if (task.is_summary) return this.days(this.workingMinutes(task));
    if (task.is_elapsed) return `${Math.round((task.duration / 1440) * 10) / 10}e`;
    return this.days(task.duration);
  }

  private workingMinutes(task: Task): number {
    const first = Date.UTC(Number(task.start.slice(0, 4)), Number(task.start.slice(5, 7)) - 1, Number(task.start.slice(8, 10)));
    const last = Date.UTC(Number(task.finish.slice(0, 4)), Number(task.finish.slice(5, 7)) - 1, Number(task.finish.slice(8, 10)));
    let days = 0;
    for (let at = first; at <= last; at += 86_400_000) if (!this.free.has(new Date(at).toISOString().slice(0, 10))) days++;
    return days * this.data.day_minutes;
  }

  owners(task: Task): string {
    const name = (need: Need) =>
      need.resource !== null
        ? this.data.resources.find((one) => one.id === need.resource)?.name
        : this.data.skills.find((one) => one.id === need.skill)?.name;
    return this.needs
      .filter((need) => need.task === task.id)
      .map((need) => `${name(need) ?? ""}${need.units > 1 ? ` ${need.units}` : ""}`)
      .join(document.documentElement.lang.startsWith("zh") ? "、" : ", ");
  }
}
