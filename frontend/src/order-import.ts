// Settling an import: a cell is changed in place, N jumps to the next problem, 1 2 3 choose a way out.
import type htmx from "htmx.org";
import { make } from "./dom";

const api = (): typeof htmx => (window as unknown as { htmx: typeof htmx }).htmx;

function root(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-import]");
}

function problems(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("td[data-problem]")];
}

function place(cell: HTMLElement): string {
  return `${cell.closest("tr")!.dataset.index}.${cell.dataset.field}`;
}

function show(cell: HTMLElement): void {
  const query = new URLSearchParams(root()?.dataset.query ?? "");
  query.set("at", place(cell));
  for (const other of document.querySelectorAll("td.at")) other.classList.remove("at");
  cell.classList.add("at");
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  void api().ajax("get", `${location.pathname}?${query}`, { target: "#problem", select: "#problem", swap: "outerHTML" });
}

function next(): void {
  const all = problems();
  const now = all.findIndex((cell) => cell.classList.contains("at"));
  const cell = all[(now + 1) % all.length];
  if (cell) {
    show(cell);
    cell.focus({ preventScroll: true });
  }
}

function edit(cell: HTMLElement): void {
  if (cell.querySelector("input")) return;
  const before = [...cell.childNodes];
  const box = make("input", "gi");
  box.value = cell.dataset.text ?? "";
  box.setAttribute("aria-label", cell.dataset.field ?? "");
  cell.replaceChildren(box);
  cell.classList.add("foc");
  box.focus();
  box.select();
  let finished = false;
  const stop = (keep: boolean): void => {
    if (finished) return;
    finished = true;
    cell.classList.remove("foc");
    if (!keep || box.value === cell.dataset.text) {
      cell.replaceChildren(...before);
      cell.focus();
      return;
    }
    send(cell, box.value);
  };
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") stop(true);
    if (event.key === "Escape") stop(false);
  });
  box.addEventListener("blur", () => stop(true));
}

function send(cell: HTMLElement, value: string): void {
  const box = root();
  if (!box) return;
  const values = { index: cell.closest("tr")!.dataset.index ?? "", field: cell.dataset.field ?? "", value, version: box.dataset.version ?? "", query: box.dataset.query ?? "" };
  void api().ajax("post", box.dataset.cell ?? "", { values, target: "#imp", select: "#imp", swap: "outerHTML" });
}

document.addEventListener("click", (event) => {
  const element = event.target as HTMLElement;
  const cell = element.closest<HTMLElement>("[data-import] td[data-field]");
  if (cell && !element.closest("input")) {
    if ("problem" in cell.dataset) show(cell);
    edit(cell);
  }
  if (element.closest("[data-next]")) {
    event.preventDefault();
    next();
  }
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const radios = [...document.querySelectorAll<HTMLInputElement>("#problem input[type=radio]")];
  if (target.matches("td[data-field]") && event.key === "Enter") {
    event.preventDefault();
    edit(target);
    return;
  }
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== "radio") return;
  if (event.key.toLowerCase() === "n") next();
  else if (/^[1-9]$/.test(event.key)) {
    const radio = radios[Number(event.key) - 1];
    if (radio) {
      radio.checked = true;
      radio.focus();
    }
  } else if (event.key === "Enter" && target === document.body) document.querySelector<HTMLFormElement>("[data-fix]")?.requestSubmit();
});

// Writing another value chooses it.
document.addEventListener("input", (event) => {
  const box = event.target as HTMLInputElement;
  if (box.name === "value") {
    const radio = box.form?.querySelector<HTMLInputElement>("input[value=value]");
    if (radio) radio.checked = true;
  }
});

const drop = document.querySelector<HTMLFormElement>("[data-drop]");
for (const name of ["dragenter", "dragover"]) {
  drop?.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop?.addEventListener("dragleave", () => drop.classList.remove("over"));
drop?.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const files = event.dataTransfer?.files;
  const input = drop.querySelector<HTMLInputElement>("input[type=file]");
  if (files?.length && input) {
    input.files = files;
    drop.requestSubmit();
  }
});
drop?.querySelector("input[type=file]")?.addEventListener("change", () => drop.requestSubmit());
