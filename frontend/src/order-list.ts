// Lists whose rows are selected for the bar at the bottom or open at the side.
import type htmx from "htmx.org";

const table = document.querySelector<HTMLTableElement>("table[data-peek], table[data-select]");
const app = document.querySelector(".app");
const peek = document.getElementById("peek");
const bar = document.querySelector<HTMLElement>("[data-bulk]");
const wide = matchMedia("(min-width: 901px)");
let lastChecked: HTMLInputElement | null = null;
let everyMatch = false;

function rows(): HTMLTableRowElement[] {
  return table ? [...table.querySelectorAll<HTMLTableRowElement>("tbody tr[data-id]")] : [];
}

function boxes(): HTMLInputElement[] {
  return rows().flatMap((row) => row.querySelector<HTMLInputElement>("input.ckb") ?? []);
}

function openPeek(row: HTMLTableRowElement): void {
  if (!peek || !wide.matches || !row.dataset.href) return;
  for (const other of rows()) other.classList.toggle("pick", other === row);
  app?.classList.add("has-peek");
  (window as unknown as { htmx: typeof htmx }).htmx.ajax("get", row.dataset.peekUrl ?? `${row.dataset.href}peek/`, { target: peek, swap: "innerHTML" });
}

function closePeek(): void {
  app?.classList.remove("has-peek");
  peek?.replaceChildren();
  for (const row of rows()) row.classList.remove("pick");
}

function walk(step: number): void {
  const all = rows();
  const now = all.findIndex((row) => row.classList.contains("pick"));
  const next = all[now + step];
  if (next) {
    openPeek(next);
    next.scrollIntoView({ block: "nearest" });
  }
}

function showSelection(): void {
  const chosen = rows().filter((_, index) => boxes()[index]?.checked);
  for (const [index, row] of rows().entries()) row.classList.toggle("sel", boxes()[index]?.checked ?? false);
  const all = table?.querySelector<HTMLInputElement>("[data-all]");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === rows().length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  }
  if (!bar) return;
  const whole = chosen.length > 0 && chosen.length === rows().length;
  everyMatch = everyMatch && whole;
  bar.hidden = chosen.length === 0;
  const matching = bar.querySelector<HTMLElement>("[data-matching]");
  if (matching) matching.hidden = !whole || everyMatch;
  const ids = everyMatch ? "" : chosen.map((row) => row.dataset.id).join(",");
  const query = new URLSearchParams(location.search);
  query.delete("page");
  bar.querySelector("[data-count]")!.textContent = everyMatch ? (matching?.dataset.matching ?? "") : String(chosen.length);
  bar.querySelector("[data-sum]")!.textContent = everyMatch ? "" : sums(chosen);
  bar.querySelector<HTMLAnchorElement>("[data-export]")!.href = everyMatch ? `?${query}&export=xlsx` : `?ids=${ids}&export=xlsx`;
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-ids]")) input.value = ids;
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-all-matching]")) input.value = everyMatch ? `?${query}` : "";
}

/** What the chosen rows are worth, each currency for itself. */
function sums(chosen: HTMLElement[]): string {
  const found = new Map<string, number>();
  for (const { dataset } of chosen) if (dataset.currency) found.set(dataset.currency, (found.get(dataset.currency) ?? 0) + Number(dataset.amount ?? 0));
  const options = { style: "currency", currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 } as const;
  return [...found].filter(([, sum]) => sum).map(([currency, sum]) => sum.toLocaleString(document.documentElement.lang, { ...options, currency })).join(" + ");
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== "checkbox";
}

/** On a phone the boxes come when they are asked for; a touch on a row chooses it until then. */
function choose(button: HTMLElement): void {
  const on = app?.classList.toggle("choosing") ?? false;
  button.setAttribute("aria-pressed", String(on));
  for (const box of boxes()) box.checked = false;
  showSelection();
}

// Before the frame's own listener, which would open the whole page.
document.addEventListener(
  "click",
  (event) => {
    const element = event.target as HTMLElement;
    const touched = app?.classList.contains("choosing") && !wide.matches ? element.closest<HTMLTableRowElement>("tr[data-id]") : null;
    if (touched && !element.matches("input.ckb")) {
      event.preventDefault();
      event.stopPropagation();
      const box = touched.querySelector<HTMLInputElement>("input.ckb");
      if (box) box.checked = !box.checked;
      showSelection();
      return;
    }
    const row = element.closest<HTMLTableRowElement>("table[data-peek] tr[data-href]");
    if (!row || !wide.matches || element.closest("a, button, input, label, select, summary")) return;
    event.stopPropagation();
    openPeek(row);
  },
  true,
);

document.addEventListener("click", (event) => {
  const element = event.target as HTMLElement;
  if (element.closest("[data-peek-step]")) walk(Number(element.closest<HTMLElement>("[data-peek-step]")!.dataset.peekStep));
  if (element.closest("[data-act=close-peek]")) closePeek();
  const choosing = element.closest<HTMLElement>("[data-choose]");
  if (choosing) choose(choosing);
  if (element.closest("[data-matching]")) {
    everyMatch = true;
    showSelection();
  }
  if (element.closest("[data-clear]")) {
    event.preventDefault();
    for (const box of boxes()) box.checked = false;
    showSelection();
  }
});

table?.addEventListener("click", (event) => {
  const box = event.target as HTMLInputElement;
  if (box.type !== "checkbox") return;
  if (box.hasAttribute("data-all")) for (const one of boxes()) one.checked = box.checked;
  else if (event.shiftKey && lastChecked) {
    const all = boxes();
    const [from, to] = [all.indexOf(lastChecked), all.indexOf(box)].sort((a, b) => a - b);
    for (const one of all.slice(from, (to ?? 0) + 1)) one.checked = box.checked;
  }
  lastChecked = box;
  showSelection();
});

document.addEventListener("keydown", (event) => {
  if (typing(event.target) || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const current = rows().find((row) => row.classList.contains("cur")) ?? rows()[0];
  if (event.key === " " && peek && current && !(event.target as HTMLElement).closest("button, a, input")) {
    event.preventDefault();
    openPeek(current);
  } else if (event.key.toLowerCase() === "x" && current) {
    const box = boxes()[rows().indexOf(current)];
    if (box) box.checked = !box.checked;
    showSelection();
  } else if (event.key === "Escape") {
    if (app?.classList.contains("has-peek")) closePeek();
    else {
      for (const box of boxes()) box.checked = false;
      showSelection();
    }
  } else if (app?.classList.contains("has-peek") && /^[jk]$/i.test(event.key)) walk(event.key.toLowerCase() === "j" ? 1 : -1);
});
