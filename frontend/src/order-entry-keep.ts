// What was typed and not saved yet is kept in this browser, so that a closed tab or a lost connection costs nothing.
import type { Line } from "./order-entry-types";

export interface Kept {
  header: Record<string, string>;
  lines: Line[];
  version: number | null;
  at: string;
}

export class Keeper {
  private timer = 0;

  constructor(private readonly key: string) {}

  keep(kept: Omit<Kept, "at">): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      try {
        localStorage.setItem(this.key, JSON.stringify({ ...kept, at: new Date().toISOString() }));
      } catch {
        // A browser without room keeps nothing; saving works all the same.
      }
    }, 250);
  }

  kept(): Kept | null {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "null") as Kept | null;
    } catch {
      return null;
    }
  }

  forget(): void {
    clearTimeout(this.timer);
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept then.
    }
  }
}

export function clock(iso?: string): string {
  const when = iso ? new Date(iso) : new Date();
  const time = when.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  return when.toDateString() === new Date().toDateString() ? time : `${when.toLocaleDateString(document.documentElement.lang)} ${time}`;
}

// Offers what is kept; `take` puts it back on the screen.
export function offer(keeper: Keeper, payload: string, take: (kept: Kept) => void): void {
  const kept = keeper.kept();
  const box = document.querySelector<HTMLElement>("[data-kept]");
  if (!kept || !box || JSON.stringify({ header: kept.header, lines: kept.lines }) === payload) return;
  box.hidden = false;
  box.querySelector("[data-kept-at]")!.textContent = clock(kept.at);
  box.querySelector<HTMLElement>("[data-kept-take]")!.onclick = () => {
    box.hidden = true;
    take(kept);
  };
  box.querySelector<HTMLElement>("[data-kept-drop]")!.onclick = () => {
    keeper.forget();
    box.hidden = true;
  };
}
