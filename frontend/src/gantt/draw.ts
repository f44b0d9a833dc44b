// The chart as SVG text for the rows and days in view. Geometry after the design language: rows 28, bars 13.
import { Model } from "./model";
import { dayNumber, isoDay, Scale, shortDay, weekday } from "./scale";
import type { BaselineRow, Link, Task, Words } from "./types";

export const ROW = 28;
export const HEAD = 44;

export interface View {
  left: number;
  top: number;
  width: number;
  height: number;
  critical: boolean;
  float: boolean;
  tail: boolean;
  today: string;
  chinese: boolean;
}

export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);
}

const f = (value: number): string => value.toFixed(1);

function shading(model: Model, scale: Scale, view: View): string {
  let text = "";
  const from = scale.dayAt(view.left);
  const to = scale.dayAt(view.left + view.width);
  for (let day = from; day <= to; day++) {
    const x = scale.xDay(day) - view.left;
    if (model.free.has(isoDay(day))) text += `<rect x="${f(x)}" y="0" width="${f(scale.dayWidth + 0.3)}" height="${view.height}" class="f-wk"/>`;
    const line = scale.zoom === "month" ? isoDay(day).endsWith("-01") : weekday(day) === 0 || scale.zoom === "day";
    if (line) text += `<line x1="${f(x)}" x2="${f(x)}" y1="0" y2="${view.height}" class="s-grid"/>`;
  }
  return text;
}

export function header(scale: Scale, view: View, marks: { x: number; text: string; kind: string }[]): string {
  let text = `<rect width="${view.width}" height="${HEAD}" class="f-surf"/>`;
  for (const head of scale.heads(scale.dayAt(view.left) - 31, scale.dayAt(view.left + view.width), view.chinese)) {
    const x = head.x - view.left;
    if (head.major) text += `<line x1="${f(x)}" x2="${f(x)}" y1="0" y2="${HEAD}" class="s-grid"/>`;
    if (head.text) text += `<text class="k" x="${f(x + 6)}" y="17">${head.text}</text>`;
    if (head.sub) text += `<text class="s" x="${f(x + (scale.zoom === "month" ? 3 : scale.dayWidth / 2))}" y="36"${scale.zoom === "month" ? "" : ' text-anchor="middle"'}>${head.sub}</text>`;
  }
  text += `<line x1="0" x2="${view.width}" y1="${HEAD - 0.5}" y2="${HEAD - 0.5}" class="s-line"/>`;
  for (const mark of marks) {
    const wide = 12 + [...mark.text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 255 ? 12 : 6.6), 0);
    const x = Math.min(Math.max(mark.x - view.left, -1e4), 1e5);
    const at = mark.kind === "today" ? x - wide / 2 : mark.kind === "requested" ? x - wide : x;
    text += `<g class="flag ${mark.kind}"><rect x="${f(at)}" y="25" width="${f(wide)}" height="17" rx="${mark.kind === "today" ? 4 : 1}"/><text x="${f(at + wide / 2)}" y="37.5" text-anchor="middle">${escape(mark.text)}</text></g>`;
  }
  return text;
}

function summary(x1: number, x2: number, y: number): string {
  const cut = Math.min(4, (x2 - x1) / 2);
  return `<path d="M${f(x1)} ${y + 10}H${f(x2)}v9l${-cut} -4H${f(x1 + cut)}l${-cut} 4z" class="f-text"/>`;
}

function diamond(x: number, y: number, css: string): string {
  return `<path d="M${f(x)} ${y + 5.5}l7 7l-7 7l-7 -7z" class="${css}"/>`;
}

// How far the bar may reach: the day by which the task ends in 80 of 100 simulated runs, where it is behind the planned end.
function tail(task: Task, p80: string | undefined, x2: number, scale: Scale, view: View, y: number, red: boolean): [string, number] {
  const end = p80 ? scale.xDay(dayNumber(p80) + 1) - view.left : x2;
  if (end <= x2 + 2) return ["", x2];
  const css = `da ${red ? "f-latesoft s-late" : "nf s-acc"}`;
  if (task.is_milestone) return [`<path d="M${f(x2 + 9)} ${y + 12.5}H${f(end)}" class="da nf ${red ? "s-late" : "s-acc"}"/>`, end];
  return [`<rect x="${f(x2)}" y="${y + 6.5}" width="${f(end - x2)}" height="12" rx="2" class="${css}"/>`, end];
}

function bar(task: Task, p80: string | undefined, scale: Scale, view: View, y: number, words: Words): string {
  const x1 = scale.x(task.start) - view.left;
  const x2 = Math.max(scale.x(task.finish) - view.left, x1 + (task.is_milestone ? 0 : 3));
  const done = task.percent >= 100;
  const red = task.is_critical && view.critical && !done;
  const [after, reach] = view.tail && !done ? tail(task, p80, x2, scale, view, y, red) : ["", x2];
  let text = after;
  let end = x2;
  if (task.is_summary) {
    text += summary(x1, x2, y);
  } else if (task.is_milestone) {
    text += diamond(x1, y, done ? "f-base" : red ? "f-late" : "f-acc");
    end = x1 + 9;
  } else {
    if (view.float && task.total_float > 0 && !done) {
      const late = Math.max(scale.x(task.late_finish) - view.left, x2);
      text += `<path d="M${f(x2)} ${y + 12.5}H${f(late)}m0 -3.5v7" class="s-ok w15 nf"/>`;
      end = Math.max(end, Math.min(late, view.width - 90));
    }
    text += `<rect x="${f(x1)}" y="${y + 6}" width="${f(x2 - x1)}" height="13" rx="3" class="bar ${done ? "f-base" : red ? "f-late" : "f-band"}"/>`;
    if (done && x2 - x1 > 20) text += `<path d="M${f(x2 - 12)} ${y + 12.5}l3 3l5.5 -6" class="nf s-white w2"/>`;
    else if (task.percent > 0 && !done) {
      text += `<rect x="${f(x1)}" y="${y + 10.5}" width="${f(((x2 - x1) * task.percent) / 100)}" height="4" rx="2" class="${red ? "f-white" : "f-acc"}"/>`;
    }
  }
  end = Math.max(end, Math.min(reach, view.width - 90));
  const label = task.is_summary ? `${task.percent}%` : task.is_milestone ? `${task.name} ${shortDay(task.finish, view.chinese)}` : task.name;
  text += `<text x="${f(end + 7)}" y="${y + 17}" class="halo lb${task.is_delivery ? " b" : ""}">${escape(label)}</text>`;
  const title = `${task.wbs} ${task.name} · ${task.start.slice(0, 16).replace("T", " ")} – ${task.finish.slice(0, 16).replace("T", " ")} · ${task.percent}%${task.is_critical ? ` · ${words.critical}` : ""}${p80 && !done ? ` · P80 ${p80}` : ""}${task.not_before && !task.actual_start ? ` · ${words.not_before} ${task.not_before.slice(0, 10)}: ${task.not_before_text}` : ""}`;
  const grab = task.is_summary ? "" : `<rect x="${f(x1 - 9)}" y="${y + 2}" width="${f(x2 - x1 + 18)}" height="22" class="grab"/>`;
  return `<g data-task="${task.id}" class="tk"><title>${escape(title)}</title>${text}${grab}${task.is_summary ? "" : handles(task, x1, x2, y)}</g>`;
}

function handles(task: Task, x1: number, x2: number, y: number): string {
  const dot = (x: number, end: string) => `<circle cx="${f(x)}" cy="${y + 12.5}" r="4.5" class="dot" data-end="${end}"/>`;
  if (task.is_milestone) return dot(x1 - 13, "start") + dot(x1 + 13, "finish");
  const edge = `<rect x="${f(x2 - 5)}" y="${y + 5}" width="8" height="15" class="edge"/>`;
  const at = x1 + ((x2 - x1) * task.percent) / 100;
  const knob = `<path d="M${f(at)} ${y + 16}l4 6h-8z" class="knob"/>`;
  return edge + (task.percent < 100 ? knob : "") + dot(x1 - 9, "start") + dot(x2 + 9, "finish");
}

// From one end of a bar to one end of another, arriving from above or below.
function link(one: Link, model: Model, scale: Scale, view: View): string {
  const from = model.tasks.get(one.predecessor);
  const to = model.tasks.get(one.successor);
  const a = model.rowOf.get(one.predecessor);
  const b = model.rowOf.get(one.successor);
  if (!from || !to || a === undefined || b === undefined) return "";
  const y1 = a * ROW - view.top + 12.5;
  const y2 = b * ROW - view.top + (b > a ? 5 : 20);
  if (Math.max(y1, y2) < -ROW || Math.min(y1, y2) > view.height + ROW) return "";
  const leaves = one.type[0] === "F";
  const arrives = one.type[1] === "F";
  const x1 = scale.x(leaves ? from.finish : from.start) - view.left + (from.is_milestone ? (leaves ? 7 : -7) : 0);
  const anchor = scale.x(arrives ? to.finish : to.start) - view.left;
  const x2 = to.is_milestone ? anchor : anchor + (arrives ? -5 : 5);
  if (Math.max(x1, x2) < -20 || Math.min(x1, x2) > view.width + 20) return "";
  const red = view.critical && from.is_critical && to.is_critical && from.percent < 100 && to.percent < 100;
  const down = b > a ? 1 : -1;
  const stub = leaves ? 5 : -5;
  const straight = leaves ? x2 >= x1 + 4 : x2 <= x1 - 4;
  const middle = y1 + down * (ROW / 2 + 1);
  const path = straight ? `M${f(x1)} ${f(y1)}H${f(x2)}V${f(y2 - down * 3)}` : `M${f(x1)} ${f(y1)}h${stub}V${f(middle)}H${f(x2)}V${f(y2 - down * 3)}`;
  const css = red ? "s-late" : "s-mute";
  const head = `<path d="M${f(x2)} ${f(y2)}l-3 ${-4 * down}h6z" class="${red ? "f-late" : "f-mute"}"/>`;
  return `<g class="lk" data-link="${one.id}"><path d="${path}" class="hit"/><path d="${path}" class="${css} w15 nf"/>${head}</g>`;
}

function vertical(iso: string | null, scale: Scale, view: View, css: string): string {
  if (!iso) return "";
  const x = scale.xDay(Math.round(Date.parse(`${iso}T00:00Z`) / 86_400_000) + (css.includes("s-acc") ? 0.5 : 1)) - view.left;
  return `<line x1="${f(x)}" x2="${f(x)}" y1="0" y2="${view.height}" class="${css}"/>`;
}

function agreed(task: Task, kept: BaselineRow | undefined, scale: Scale, view: View, y: number, below: number, fill: string, stroke: string): string {
  if (!kept || task.is_summary) return "";
  const x = scale.x(kept.start) - view.left;
  if (task.is_milestone) return diamond(x, y, `nf ${stroke}`);
  const width = f(Math.max(2, scale.x(kept.finish) - view.left - x));
  return `<rect x="${f(x)}" y="${y + below}" width="${width}" height="${below > 21 ? 2.5 : 3.5}" rx="1.2" class="${fill}"/>`;
}

export function chart(model: Model, scale: Scale, view: View, words: Words): string {
  const first = Math.max(0, Math.floor(view.top / ROW) - 1);
  const last = Math.min(model.rows.length - 1, Math.ceil((view.top + view.height) / ROW) + 1);
  let text = shading(model, scale, view);
  let bars = "";
  for (let index = first; index <= last; index++) {
    const task = model.rows[index];
    if (!task) continue;
    const y = index * ROW - view.top;
    if (task.id === model.selected || model.also.has(task.id)) text += `<rect x="0" y="${y}" width="${view.width}" height="${ROW - 1}" class="f-sel"/>`;
    text += `<line x1="0" x2="${view.width}" y1="${y + ROW - 0.5}" y2="${y + ROW - 0.5}" class="s-grid"/>`;
    bars += agreed(task, model.baseline.get(task.id), scale, view, y, 21, "f-base", "s-mute");
    bars += agreed(task, model.against.get(task.id), scale, view, y, 25, "f-what", "s-what");
    bars += bar(task, model.p80.get(task.id), scale, view, y, words);
  }
  for (const one of model.links) text += link(one, model, scale, view);
  const head = model.data.plan;
  text += vertical(head.requested_date, scale, view, "s-text da nf");
  text += vertical(head.promised_date, scale, view, "s-text w15");
  text += vertical(view.today, scale, view, "s-acc w15");
  return `${text}${bars}<g id="gantt-ghost"></g>`;
}
