// The keyboard sheet of the design: one-letter keys work only while nothing is being typed.
import { changeIn } from "./inline";

interface Actions {
  openPalette(): void;
  openKeys(): void;
}

const places: Record<string, string> = { t: "/", o: "/orders/", p: "/plans/", c: "/capacity/", m: "/tasks/", w: "/warnings/" };

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-rows] tbody tr[data-href], [data-item][data-href]")];
}

function move(step: number): void {
  const all = rows();
  const now = all.findIndex((row) => row.classList.contains("cur"));
  const next = all[Math.max(0, Math.min(all.length - 1, now + step))];
  if (!next) return;
  all[now]?.classList.remove("cur");
  next.classList.add("cur");
  next.scrollIntoView({ block: "nearest" });
}

function openMenu(selector: string): void {
  const menu = document.querySelector<HTMLDetailsElement>(selector);
  if (!menu) return;
  menu.open = true;
  menu.querySelector<HTMLElement>("a, input, button")?.focus();
}

export function keyboard(actions: Actions): void {
  let waitingForPlace = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      actions.openPalette();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey && !typing(event.target)) {
      const undo = [...document.querySelectorAll<HTMLButtonElement>("button[data-undo]")].pop();
      if (undo) {
        event.preventDefault();
        event.stopImmediatePropagation();
        undo.click();
        return;
      }
    }
    const palette = document.querySelector<HTMLDialogElement>("#palette[open]");
    if (palette) {
      walkPalette(palette, event);
      return;
    }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (waitingForPlace && Date.now() - waitingForPlace < 1200 && places[key]) {
      location.href = places[key];
      return;
    }
    waitingForPlace = key === "g" ? Date.now() : 0;
    const handlers: Record<string, () => void> = {
      "?": actions.openKeys,
      "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
      c: () => openMenu("header details.menu:has(.bt.pri)"),
      f: () => openMenu("details.menu:has(form[data-filter])"),
      j: () => move(1),
      k: () => move(-1),
      e: () => {
        const url = document.querySelector<HTMLElement>("tr.cur[data-edit], tr.pick[data-edit]")?.dataset.edit ?? document.querySelector<HTMLAnchorElement>("a[data-edit-page]")?.href;
        if (url) location.href = url;
        else changeIn(document.querySelector("tr.cur, tr.pick"));
      },
      enter: () => {
        const row = document.querySelector<HTMLElement>(".cur[data-href]");
        if (row && document.activeElement === document.body) location.href = row.dataset.href ?? "";
      },
      s: () => openMenu("[data-item].cur details.menu"),
      escape: () => {
        for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) menu.open = false;
      },
    };
    const handler = handlers[key];
    if (handler) {
      if (key !== "enter" && key !== "escape") event.preventDefault();
      handler();
    }
  });
}

// Enter means what has been typed, also when its results are still on the way.
let resultsOf = "";
let chooseWhenThere = false;

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.target as HTMLElement;
  if (target.id !== "palette-results") return;
  const { pathInfo } = (event as CustomEvent<{ pathInfo: { finalRequestPath: string } }>).detail;
  resultsOf = new URL(pathInfo.finalRequestPath, location.origin).searchParams.get("q") ?? "";
  const input = document.querySelector<HTMLInputElement>("#palette-q");
  if (chooseWhenThere && input?.value === resultsOf) {
    chooseWhenThere = false;
    target.querySelector<HTMLAnchorElement>("a.pal")?.click();
  }
});

function walkPalette(palette: HTMLDialogElement, event: KeyboardEvent): void {
  const options = [...palette.querySelectorAll<HTMLAnchorElement>("a.pal")];
  const now = options.findIndex((option) => option.classList.contains("cur"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    options[now]?.classList.remove("cur");
    const next = options[(now + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length];
    next?.classList.add("cur");
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter") {
    event.preventDefault();
    const typed = palette.querySelector<HTMLInputElement>("#palette-q")?.value ?? "";
    if (typed === resultsOf) (options[now] ?? options[0])?.click();
    else chooseWhenThere = true;
  } else {
    chooseWhenThere = false;
  }
}
