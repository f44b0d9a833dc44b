// A cell of a list is changed where it stands: its pencil, or E on the row. Enter keeps it, Esc leaves it as it was.
import type htmx from "htmx.org";

const before = new WeakMap<Element, Node[]>();

function open(cell: HTMLElement): void {
  if (cell.querySelector("form.cef")) return;
  before.set(cell, [...cell.childNodes]);
  const address = `${location.pathname}?cell=${encodeURIComponent(cell.dataset.cell ?? "")}`;
  (window as unknown as { htmx: typeof htmx }).htmx.ajax("get", address, { target: cell, swap: "innerHTML" });
}

function leave(cell: Element): void {
  cell.replaceChildren(...(before.get(cell) ?? []));
}

/** Opens the first cell of the row that can be changed; false where there is none. */
export function changeIn(row: Element | null): boolean {
  const cell = row?.querySelector<HTMLElement>("td[data-cell]");
  if (cell) open(cell);
  return cell != null;
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const cell = target.closest<HTMLElement>("td[data-cell]");
  if (!cell) return;
  if (target.closest("[data-cell-edit]")) open(cell);
  else if (target.closest("[data-cell-leave]")) leave(cell);
});

document.addEventListener("keydown", (event) => {
  const cell = (event.target as Element).closest?.("td[data-cell]:has(form.cef)");
  if (!cell || event.key !== "Escape") return;
  event.stopImmediatePropagation();
  leave(cell);
}, true);

document.addEventListener("htmx:afterSwap", (event) => {
  (event.target as Element).querySelector<HTMLElement>("form.cef [name=value]")?.focus();
});
