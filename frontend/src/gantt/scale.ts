// Time ↔ pixels. Days are counted from 1970 in the plan's own clock; a working day fills its whole column.
import type { Zoom } from "./types";

export const DAY_WIDTH: Record<Zoom, number> = { day: 44, week: 15.2, month: 4.6 };
const DAY_MS = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export interface Moment {
  day: number;
  minute: number;
}

export function moment(iso: string): Moment {
  return { day: dayNumber(iso), minute: iso.length > 10 ? Number(iso.slice(11, 13)) * 60 + Number(iso.slice(14, 16)) : 0 };
}

export function dayNumber(iso: string): number {
  return Math.round(Date.UTC(Number(iso.slice(0, 4)), Number(iso.slice(5, 7)) - 1, Number(iso.slice(8, 10))) / DAY_MS);
}

export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function weekday(day: number): number {
  return (day + 3) % 7; // 0 = Monday; 1970-01-01 was a Thursday
}

export function isoWeek(day: number): number {
  const thursday = day - weekday(day) + 3;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  return 1 + Math.floor((thursday - Math.floor(Date.UTC(year, 0, 1) / DAY_MS)) / 7);
}

export function shortDay(iso: string | number, chinese: boolean): string {
  const text = typeof iso === "number" ? isoDay(iso) : iso;
  return chinese ? text.slice(5, 10) : `${Number(text.slice(8, 10))} ${MONTHS[Number(text.slice(5, 7)) - 1]}`;
}

export class Scale {
  constructor(
    public first: number,
    public last: number,
    public zoom: Zoom,
    private opens: number,
    private closes: number,
  ) {}

  get dayWidth(): number {
    return DAY_WIDTH[this.zoom];
  }

  get width(): number {
    return (this.last - this.first + 1) * this.dayWidth;
  }

  // The working hours fill the column, so that a day's work looks like a day.
  x(iso: string): number {
    const { day, minute } = moment(iso);
    const share = (minute - this.opens) / (this.closes - this.opens);
    return (day - this.first + Math.min(1, Math.max(0, share))) * this.dayWidth;
  }

  xDay(day: number): number {
    return (day - this.first) * this.dayWidth;
  }

  dayAt(x: number): number {
    return this.first + Math.floor(x / this.dayWidth);
  }

  // Month and week above, days below; where days are too narrow, months above weeks.
  heads(from: number, to: number, chinese: boolean): { x: number; text: string; sub: string; major: boolean }[] {
    const found = [];
    for (let day = Math.max(this.first, from); day <= Math.min(this.last, to); day++) {
      const date = new Date(day * DAY_MS);
      const month = chinese ? `${date.getUTCMonth() + 1}月` : `${MONTHS[date.getUTCMonth()]}`;
      const year = date.getUTCFullYear();
      if (this.zoom === "month") {
        if (date.getUTCDate() === 1) found.push({ x: this.xDay(day), text: chinese ? `${year}年${month}` : `${month} ${year}`, sub: "", major: true });
        if (weekday(day) === 0) found.push({ x: this.xDay(day), text: "", sub: `W${isoWeek(day)}`, major: false });
      } else {
        const monday = weekday(day) === 0;
        const shown = this.zoom === "day" || weekday(day) % 2 === 0;
        if (monday || shown) {
          found.push({ x: this.xDay(day), text: monday ? `${month} W${isoWeek(day)}` : "", sub: shown && weekday(day) < (this.zoom === "day" ? 7 : 5) ? String(date.getUTCDate()) : "", major: monday });
        }
      }
    }
    return found;
  }
}
