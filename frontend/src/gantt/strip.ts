// Hours of one team under the chart, on the same days: this order, all others, beyond what there is, quotations.
import { escape } from "./draw";
import { dayNumber, isoWeek, type Scale } from "./scale";
import type { Server } from "./server";
import type { LoadOver, TeamLoad, Words } from "./types";

const HEIGHT = 132;
const TOP = 22;
const f = (value: number): string => value.toFixed(1);

interface Shared {
  words: Words;
  chinese: boolean;
  server: Server;
  redraw: () => void;
}

export class Strip {
  private found: TeamLoad | null = null;
  private chart: SVGSVGElement;
  private team: HTMLSelectElement;

  constructor(
    private place: HTMLElement,
    private shared: Shared,
  ) {
    this.chart = this.part("chart") as unknown as SVGSVGElement;
    this.team = this.part("team") as HTMLSelectElement;
    this.team.addEventListener("change", () => void this.load(this.team.value));
  }

  private part(name: string): HTMLElement {
    return this.place.querySelector(`[data-load="${name}"]`) as HTMLElement;
  }

  toggle(): boolean {
    this.place.hidden = !this.place.hidden;
    if (!this.place.hidden && !this.found) void this.load("");
    this.shared.redraw();
    return !this.place.hidden;
  }

  private async load(team: string): Promise<void> {
    const found = await this.shared.server.teamLoad(team);
    this.found = found;
    this.team.innerHTML = found.teams.map((one) => `<option value="${escape(one.key)}">${escape(one.name)}</option>`).join("");
    this.team.value = found.team ?? "";
    this.team.hidden = !found.teams.length;
    this.tell(found);
    this.shared.redraw();
  }

  private say(key: string, values: Record<string, string | number>): string {
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`%(${name})s`, String(value)), this.shared.words[key] ?? "");
  }

  private tell(found: TeamLoad): void {
    const chosen = found.teams.find((one) => one.key === found.team);
    this.part("members").textContent = chosen ? this.say("people", { count: chosen.members }) : "";
    this.part("stale").hidden = !found.stale;
    const worst = [...found.over].sort((a, b) => b.hours - a.hours)[0];
    this.part("over").innerHTML = !chosen ? escape(this.shared.words.no_team ?? "") : worst ? this.worded(worst) : escape(this.shared.words.no_over ?? "");
  }

  private worded(over: LoadOver): string {
    const head = this.say("over_week", { week: isoWeek(dayNumber(over.first)), hours: Math.round(over.hours) });
    const orders = over.orders.map((one) => `<a href="/orders/${encodeURIComponent(one.key)}/" data-user-content>${escape(one.label)}</a> ${Math.round(one.hours)} h`);
    if (over.others >= 1) orders.push(`${escape(this.shared.words.rest ?? "")} ${Math.round(over.others)} h`);
    return `<b class="late">${escape(head)}</b> ${orders.join(this.shared.chinese ? "，" : ", ")}`;
  }

  draw(scale: Scale, left: number, width: number, today: string): void {
    if (this.place.hidden) return;
    this.chart.setAttribute("width", String(width));
    this.chart.setAttribute("height", String(HEIGHT));
    const days = this.found?.days ?? [];
    const most = Math.max(1, ...days.map((one) => Math.max(one.capacity * 1.15, one.own + one.others + one.soft)));
    const y = (hours: number) => HEIGHT - (hours / most) * (HEIGHT - TOP);
    const wide = Math.max(1, scale.dayWidth - Math.min(3, scale.dayWidth / 4));
    let bars = "";
    let line = "";
    let before = Number.NaN;
    for (const one of days) {
      const x = scale.xDay(dayNumber(one.day)) - left;
      if (x < -scale.dayWidth || x > width) continue;
      const within = Math.min(one.own + one.others, one.capacity);
      const own = Math.min(one.own, within);
      const all = one.own + one.others;
      const title = `${one.day} · ${this.shared.words.own} ${f(one.own)} h · ${this.shared.words.other_orders} ${f(one.others)} h · ${this.shared.words.quotations} ${f(one.soft)} h · ${this.shared.words.capacity} ${f(one.capacity)} h`;
      const piece = (low: number, high: number, css: string) => (high - low > 0.01 ? `<rect x="${f(x + (scale.dayWidth - wide) / 2)}" y="${f(y(high))}" width="${f(wide)}" height="${f(y(low) - y(high))}" class="${css}"/>` : "");
      bars += `<g><title>${escape(title)}</title>${piece(0, own, "f-band")}${piece(own, within, "f-oth")}${piece(within, all, "f-over")}${piece(all, all + one.soft, "f-soft")}</g>`;
      const level = y(one.capacity);
      line += Number.isNaN(before) ? `M${f(x)} ${f(level)}` : before === level ? "" : `V${f(level)}`;
      line += `H${f(x + scale.dayWidth)}`;
      before = level;
    }
    const now = scale.xDay(dayNumber(today)) - left + scale.dayWidth / 2;
    this.chart.innerHTML = `${PATTERNS}${this.weeks(scale, left, width)}${bars}<path d="${line}" class="s-text w15 nf"/><line x1="${f(now)}" x2="${f(now)}" y1="0" y2="${HEIGHT}" class="s-acc w15"/>${this.flags(scale, left, y)}`;
    this.chart.setAttribute("aria-label", `${this.found?.team ?? ""} ${this.part("over").textContent ?? ""}`.trim());
  }

  private weeks(scale: Scale, left: number, width: number): string {
    let text = "";
    for (let day = scale.dayAt(left); day <= scale.dayAt(left + width); day++) {
      if ((day + 3) % 7 === 0) text += `<line x1="${f(scale.xDay(day) - left)}" x2="${f(scale.xDay(day) - left)}" y1="0" y2="${HEIGHT}" class="s-grid"/>`;
    }
    return text;
  }

  // Each over-used week by its name, above the highest day of it.
  private flags(scale: Scale, left: number, y: (hours: number) => number): string {
    let text = "";
    let free = -1e9;
    for (const over of this.found?.over ?? []) {
      const first = dayNumber(over.first);
      const x = scale.xDay(first) - left;
      if (x < free) continue;
      const rows = (this.found?.days ?? []).filter((one) => dayNumber(one.day) >= first && dayNumber(one.day) < first + 7);
      const high = Math.max(...rows.map((one) => one.own + one.others + one.soft));
      text += `<text x="${f(x)}" y="${f(Math.max(13, y(high) - 5))}" class="halo ov">W${isoWeek(first)} ${over.percent}%</text>`;
      free = x + 66;
    }
    return text;
  }
}

const PATTERNS = `<defs><pattern id="ld-over" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" class="f-latesoft"/><rect width="2.4" height="5" class="f-late"/></pattern><pattern id="ld-soft" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" class="f-surf"/><rect width="1.8" height="5" class="f-mute"/></pattern></defs>`;
