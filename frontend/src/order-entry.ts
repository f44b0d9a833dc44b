// The order form: a grid to type and paste into; the server checks what stands there after every pause.
import { icon, make } from "./dom";
import { showConflict } from "./order-entry-conflict";
import { clock, Keeper, type Kept, offer } from "./order-entry-keep";
import type { Checked, Conflict, Entry, Finding, Fix, Line, Saved } from "./order-entry-types";
import { PromisePanel } from "./promise-panel";

const entry = JSON.parse(document.getElementById("entry-data")!.textContent ?? "{}") as Entry;
const form = document.getElementById("entry") as HTMLFormElement;
const grid = document.querySelector<HTMLTableElement>("[data-grid]")!;
const body = grid.tBodies[0]!;
const fields = [...grid.querySelectorAll<HTMLElement>("th[data-field]")].map((head) => head.dataset.field!);
const labels = new Map([...grid.querySelectorAll<HTMLElement>("th[data-field]")].map((head) => [head.dataset.field!, head.textContent ?? ""]));
const numbers = new Set(["quantity", "unit_price"]);
const lines: Line[] = entry.lines;
const words = entry.words;
const products = new Map<string, { unit: string; name: string; revision: string; price: string }>();
let dirty = false;
let saving: Promise<Saved | null> | null = null;
let checkRound = 0;
let autosaveTimer = 0;
let changes = 0;
const AUTOSAVE_AFTER = 6000;
const keeper = new Keeper(entry.keep);

function blank(): Line {
  const last = lines[lines.length - 1];
  return { id: null, line_no: last ? (Math.floor(last.line_no / 10) + 1) * 10 : 10 };
}

function input(row: number, field: string): HTMLInputElement | null {
  return body.querySelector<HTMLInputElement>(`tr[data-row="${row}"] input[data-field="${field}"]`);
}

function drawRow(index: number): HTMLTableRowElement {
  const line = lines[index];
  const number = line?.line_no ?? blank().line_no;
  const row = make("tr");
  row.dataset.row = String(index);
  row.id = `line-${number}`;
  const head = make("td", "rn", String(number));
  row.append(head);
  for (const field of fields) {
    const cell = make("td", `${numbers.has(field) ? "r " : ""}c-${field}`);
    const box = make("input", "gi");
    box.dataset.field = field;
    box.setAttribute("aria-label", `${words.line} ${number} · ${labels.get(field)}`);
    box.value = String(line?.[field] ?? "");
    if (numbers.has(field)) box.inputMode = "decimal";
    if (field === "model") {
      box.setAttribute("list", "models");
      if (!line) box.placeholder = words.open ?? "";
    }
    if (field.endsWith("_date")) box.placeholder = line ? "2026-12-31" : "";
    cell.append(box);
    row.append(cell);
    if (field === "unit_price") row.append(make("td", "r t2 amount"));
  }
  const tools = make("td", "gt3");
  if (line) {
    for (const [name, act, label] of [["dots", "more", words.more], ["trash", "remove", words.remove]] as const) {
      const button = make("button", "icb");
      button.type = "button";
      button.dataset.tool = act;
      button.setAttribute("aria-label", `${label} ${number}`);
      button.append(icon(name));
      tools.append(button);
    }
  }
  row.append(tools);
  return row;
}

function draw(): void {
  body.replaceChildren(...lines.map((_, index) => drawRow(index)), drawRow(lines.length));
}

function header(): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    if (name !== "csrfmiddlewaretoken" && name !== "form_key") values[name] = String(value);
  }
  return values;
}

function payload(): string {
  return JSON.stringify({ header: header(), lines });
}

function token(): string {
  return form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")!.value;
}

const say = (text: string): void => void (document.querySelector("[data-status]")!.textContent = text);

function touch(): void {
  dirty = true;
  changes += 1;
  say(words.unsaved ?? "");
  keeper.keep({ header: header(), lines, version: entry.version });
  schedule();
  clearTimeout(autosaveTimer);
  autosaveTimer = window.setTimeout(() => void autosave(), AUTOSAVE_AFTER);
}

// A draft saves itself once it has a customer; what can't be saved yet stays kept in this browser.
async function autosave(): Promise<void> {
  if (!dirty || saving || document.querySelector("dialog[open]") || !header().customer) return;
  const before = changes;
  const saved = await save(true);
  if (!saved) return;
  adopt(saved);
  if (before === changes) say((words.autosaved ?? "").replace("{time}", clock()));
  void check();
}

/** The form goes on with the order that was saved from it; a reload opens that order. */
function adopt(saved: Saved): void {
  if (entry.id) return;
  entry.id = saved.id;
  entry.urls.save = saved.edit;
  history.replaceState(null, "", saved.edit);
}

function takeKept(kept: Kept): void {
  lines.splice(0, lines.length, ...kept.lines);
  entry.version = kept.version;
  for (const [name, value] of Object.entries(kept.header)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement) field.value = value;
  }
  draw();
  touch();
}

const promiseBox = document.querySelector<HTMLElement>("[data-promise]");
const promise = promiseBox && new PromisePanel(promiseBox, async (query) => {
  const url = `${entry.urls.promise}?${query}&id=${entry.id ?? ""}`;
  const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), "Content-Type": "application/json" }, body: payload() });
  return answer.ok ? answer.text() : null;
});
let promised = "";
/** What the dates depend on; while it stays the same nothing is computed anew. */
function promiseMark(): string {
  const head = header();
  return JSON.stringify([head.customer, head.priority, lines.map((line) => [line.model, line.quantity, line.requested_date])]);
}

let timer = 0;
function schedule(): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void check(), 350);
}

async function check(): Promise<void> {
  const round = ++checkRound;
  const url = entry.id ? `${entry.urls.check}?id=${entry.id}` : entry.urls.check;
  const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), "Content-Type": "application/json" }, body: payload() });
  if (round !== checkRound || !answer.ok) return;
  show((await answer.json()) as Checked);
  const mark = promiseMark();
  if (promise && mark !== promised) {
    promised = mark;
    void promise.refresh();
  }
}

function show(found: Checked): void {
  for (const [index, line] of found.lines.entries()) {
    const mine = lines[index];
    if (!mine) continue;
    // What the catalogue knows and nobody wrote appears; what was typed stays as it is.
    for (const field of ["unit", "description", "revision"]) {
      const box = input(index, field);
      if (box && !box.value && box !== document.activeElement && line[field]) {
        box.value = String(line[field]);
        mine[field] = line[field] ?? "";
      }
    }
    const amount = body.querySelector(`tr[data-row="${index}"] td.amount`);
    if (amount) amount.textContent = line.amount;
  }
  mark(found);
  list(found);
  side(found);
}

function mark(found: Checked): void {
  for (const cell of body.querySelectorAll("td")) {
    cell.classList.remove("er", "df", "wv", "tall");
    cell.querySelector(".was")?.remove();
    cell.querySelector("input")?.removeAttribute("aria-invalid");
  }
  for (const [index, line] of lines.entries()) {
    const row = body.querySelector<HTMLTableRowElement>(`tr[data-row="${index}"]`);
    const here = found.findings.filter((one) => one.row === line.line_no);
    for (const one of [...here].reverse()) {
      const box = input(index, one.field);
      const cell = box?.closest("td");
      if (!cell || !box) continue;
      cell.classList.remove("er", "df", "wv");
      cell.classList.add(one.waiver ? "wv" : one.severity === "error" ? "er" : "df", "tall");
      cell.querySelector(".was")?.remove();
      cell.append(make("span", "was", one.short));
      if (one.severity === "error") box.setAttribute("aria-invalid", "true");
      box.title = one.message;
    }
    const bad = here.some((one) => one.severity === "error");
    const open = here.some((one) => one.severity === "warning" && !one.waiver);
    const head = row?.cells[0];
    if (head) {
      const mark = bad ? icon("alert-circle", "late") : open ? icon("alert-triangle", "warn") : here.length ? icon("user-check", "warn") : icon("circle-check", "ok");
      head.replaceChildren(`${line.line_no} `, mark);
    }
  }
}

function list(found: Checked): void {
  const box = document.querySelector("[data-findings]")!;
  box.replaceChildren(...found.findings.slice(0, 60).map(item));
  if (found.passed.length) {
    const row = make("li");
    row.append(icon("circle-check", "ok"), make("span", "t2", `${words.passed}: ${found.passed.join(" · ")}`), make("span"));
    box.append(row);
  }
  const counts = document.querySelector("[data-counts]")!;
  const chips: [number, string, string, string][] = [
    [found.errors, "late", "alert-circle", words.errors ?? ""],
    [found.warnings, "warn", "alert-triangle", words.warnings ?? ""],
    [found.waived, "warn", "user-check", words.waived ?? ""],
    [found.passed.length, "ok", "circle-check", words.passed ?? ""],
  ];
  counts.replaceChildren(
    ...chips.filter(([count]) => count).map(([count, css, name, label]) => {
      const chip = make("span", `st ${css}`);
      chip.append(icon(name), `${label} ${count}`);
      return chip;
    }),
  );
}

function item(one: Finding): HTMLLIElement {
  const row = make("li");
  const css = one.severity === "error" ? "late" : "warn";
  row.append(icon(one.waiver ? "user-check" : one.severity === "error" ? "alert-circle" : "alert-triangle", css));
  const text = make("span", "", one.message);
  if (one.waiver) text.append(make("br"), make("span", "t2 sm", `${words.waived}: ${one.waiver.by}, ${one.waiver.at}, “${one.waiver.reason}”`));
  const tools = make("span", "row-f g4 wrap");
  if (!one.waiver) {
    for (const fix of one.fixes.slice(0, 2)) {
      const button = make("button", "bt s soft", fix.label);
      button.type = "button";
      button.addEventListener("click", () => apply(one, fix));
      tools.append(button);
    }
    if (one.severity === "warning" && entry.may_waive) {
      const button = make("button", "bt s gh", words.waive);
      button.type = "button";
      button.addEventListener("click", () => void waive(one));
      tools.append(button);
    }
  } else if (entry.may_waive) {
    const button = make("button", "bt s gh", words.withdraw);
    button.type = "button";
    button.addEventListener("click", () => void withdraw(one.waiver!.id));
    tools.append(button);
  }
  row.append(text, tools);
  return row;
}

function apply(one: Finding, fix: Fix): void {
  if (one.row === null) {
    const box = form.elements.namedItem(fix.field);
    if (box instanceof HTMLInputElement) box.value = fix.value;
  } else {
    const index = lines.findIndex((line) => line.line_no === one.row);
    setCell(index, fix.field, fix.value);
    input(index, fix.field)?.focus();
  }
  touch();
}

function side(found: Checked): void {
  const set = (name: string, text: string): void => {
    document.querySelector(`[data-side=${name}]`)!.textContent = text || "—";
  };
  const dates = found.lines.map((line) => String(line.requested_date ?? "")).filter(Boolean).sort();
  set("lines", String(lines.length));
  set("total", found.total);
  set("listed", found.listed);
  set("difference", found.difference);
  set("requested", dates[dates.length - 1] ?? "");
  document.querySelector("[data-total]")!.textContent = found.total;
  const ready = document.querySelector("[data-ready]")!;
  const todo = [found.errors ? words.fix_errors : "", found.warnings ? words.fix_warnings : ""].filter(Boolean);
  ready.textContent = todo.length ? `${words.not_ready} ${todo.join(" · ")}` : (words.ready ?? "");
  const submit = document.querySelector<HTMLButtonElement>("[data-submit-order]");
  submit?.classList.toggle("dis", todo.length > 0);
  submit?.setAttribute("aria-disabled", String(todo.length > 0));
}

function setCell(index: number, field: string, value: string): void {
  if (index > lines.length) return;
  if (index === lines.length) {
    if (!value) return;
    lines.push(blank());
    body.lastElementChild!.replaceWith(drawRow(index));
    body.append(drawRow(lines.length));
  }
  lines[index]![field] = value;
  const box = input(index, field);
  if (box && box.value !== value) box.value = value;
  if (field === "model") fillFromProduct(index, value);
}

function fillFromProduct(index: number, model: string): void {
  const known = products.get(model.toUpperCase());
  if (!known || lines[index]!.unit_price) return;
  for (const [field, value] of [["unit_price", known.price], ["unit", known.unit], ["description", known.name], ["revision", known.revision]] as const) {
    if (!lines[index]![field] && value) {
      lines[index]![field] = value;
      const box = input(index, field);
      if (box) box.value = value;
    }
  }
}

let suggestRound = 0;
async function suggest(text: string, row = -1): Promise<void> {
  const round = ++suggestRound;
  const currency = (form.elements.namedItem("currency") as HTMLSelectElement).value;
  const answer = await fetch(`${entry.urls.products}?q=${encodeURIComponent(text)}&currency=${currency}`);
  if (!answer.ok || round !== suggestRound) return;
  const found = ((await answer.json()) as { products: { model: string; name: string; unit: string; revision: string; price: string }[] }).products;
  const box = document.getElementById("models")!;
  box.replaceChildren(...found.map((one) => {
    products.set(one.model.toUpperCase(), one);
    const option = make("option");
    option.value = one.model;
    option.label = one.name;
    return option;
  }));
  if (lines[row]?.model === text && text) {
    fillFromProduct(row, text);
    schedule();
  }
}

function position(box: HTMLInputElement): [number, number] {
  return [Number(box.closest("tr")!.dataset.row), fields.indexOf(box.dataset.field!)];
}

function go(row: number, column: number): void {
  const box = input(Math.max(0, Math.min(lines.length, row)), fields[column]!);
  box?.focus();
  box?.select();
}

body.addEventListener("input", (event) => {
  const box = event.target as HTMLInputElement;
  const [row, column] = position(box);
  if (row === lines.length) {
    const value = box.value;
    setCell(row, fields[column]!, value);
    const fresh = input(row, fields[column]!);
    fresh?.focus();
    fresh?.setSelectionRange(value.length, value.length);
  } else {
    lines[row]![fields[column]!] = box.value;
  }
  if (fields[column] === "model") {
    void suggest(box.value, row);
    fillFromProduct(row, box.value);
  }
  touch();
});

body.addEventListener("keydown", (event) => {
  const box = event.target as HTMLInputElement;
  if (!box.matches("input.gi")) return;
  const [row, column] = position(box);
  if (event.key === "Enter") {
    event.preventDefault();
    go(row + (event.shiftKey ? -1 : 1), column);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && fields[column] !== "model") {
    event.preventDefault();
    go(row + (event.key === "ArrowDown" ? 1 : -1), column);
  } else if (event.ctrlKey && event.key.toLowerCase() === "d" && row > 0) {
    event.preventDefault();
    setCell(row, fields[column]!, String(lines[row - 1]?.[fields[column]!] ?? ""));
    touch();
  }
});

body.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  const [row, column] = position(event.target as HTMLInputElement);
  for (const [down, record] of text.replace(/\r/g, "").replace(/\n$/, "").split("\n").entries()) {
    for (const [right, value] of record.split("\t").entries()) {
      const field = fields[column + right];
      if (field) setCell(row + down, field, value.trim());
    }
  }
  touch();
});

let opened = -1;
body.addEventListener("click", (event) => {
  const button = (event.target as HTMLElement).closest<HTMLButtonElement>("[data-tool]");
  if (!button) return;
  const index = Number(button.closest("tr")!.dataset.row);
  if (button.dataset.tool === "remove") {
    lines.splice(index, 1);
    draw();
    touch();
    return;
  }
  opened = index;
  const box = document.getElementById("line-dialog") as HTMLDialogElement;
  box.querySelector("[data-line-no]")!.textContent = String(lines[index]!.line_no);
  for (const one of box.querySelectorAll<HTMLInputElement>("[data-more]")) one.value = String(lines[index]![one.dataset.more!] ?? "");
  box.showModal();
});
document.getElementById("line-dialog")!.addEventListener("close", (event) => {
  const line = lines[opened];
  if (!line) return;
  for (const one of (event.target as HTMLElement).querySelectorAll<HTMLInputElement>("[data-more]")) line[one.dataset.more!] = one.value;
  touch();
});

form.addEventListener("input", (event) => {
  if (!(event.target as HTMLElement).matches(".gi")) touch();
});
form.addEventListener("submit", (event) => event.preventDefault());
(form.elements.namedItem("customer") as HTMLSelectElement).addEventListener("change", (event) => void customerTerms((event.target as HTMLSelectElement).value));

async function customerTerms(id: string): Promise<void> {
  const contact = form.elements.namedItem("contact") as HTMLSelectElement;
  contact.replaceChildren(make("option"));
  if (!id) return;
  const answer = await fetch(entry.urls.customer.replace("/0/", `/${id}/`));
  if (!answer.ok) return;
  const terms = (await answer.json()) as { contacts: { id: number; name: string }[]; currency: string; payment_terms: string; delivery_place: string };
  contact.append(...terms.contacts.map((one) => new Option(one.name, String(one.id))));
  if (terms.contacts[0]) contact.value = String(terms.contacts[0].id);
  for (const name of ["payment_terms", "delivery_place"] as const) {
    const box = form.elements.namedItem(name) as HTMLInputElement;
    if (!box.value) box.value = terms[name];
  }
  if (!lines.length) (form.elements.namedItem("currency") as HTMLSelectElement).value = terms.currency;
  schedule();
}

function conflicting(conflict: Conflict): void {
  const keepMine = (): void => {
    entry.version = conflict.version;
    void leave((saved) => saved.url);
  };
  showConflict(conflict, words.conflict ?? "", keepMine, () => {
    dirty = false;
    keeper.forget();
    location.reload();
  });
}

function save(quiet = false): Promise<Saved | null> {
  clearTimeout(autosaveTimer);
  saving ??= reallySave(quiet).finally(() => (saving = null));
  return saving;
}

async function reallySave(quiet: boolean): Promise<Saved | null> {
  const before = changes;
  const data = new FormData();
  data.set("data", payload());
  data.set("version", String(entry.version ?? ""));
  data.set("form_key", form.querySelector<HTMLInputElement>("input[name=form_key]")!.value);
  const reasons = document.querySelector("[data-reasons]")!;
  reasons.replaceChildren();
  let answer: Response;
  try {
    answer = await fetch(entry.urls.save, { method: "POST", headers: { "X-CSRFToken": token(), Accept: "application/json" }, body: data });
  } catch {
    if (quiet) say(words.kept ?? "");
    else reasons.replaceChildren(make("li", "", words.failed));
    return null;
  }
  if (quiet && answer.status !== 409 && !answer.ok) {
    say(words.kept ?? "");
    return null;
  }
  if (answer.status === 409) conflicting((await answer.json()) as Conflict);
  else if (answer.status === 422) {
    const refused = ((await answer.json()) as { reasons: { message: string; field: string }[] }).reasons;
    reasons.replaceChildren(...refused.slice(0, 12).map((one) => make("li", "", one.message)));
    const first = refused.find((one) => form.elements.namedItem(one.field));
    (form.elements.namedItem(first?.field ?? "") as HTMLElement | null)?.focus();
  } else if (answer.ok) {
    const saved = (await answer.json()) as Saved;
    // A line keeps its identity from now on, and with it its waivers.
    for (const line of lines) line.id ??= saved.lines[line.line_no] ?? null;
    if (before === changes) {
      dirty = false;
      keeper.forget();
    }
    entry.version = saved.version;
    form.querySelector<HTMLInputElement>("input[name=form_key]")!.value = crypto.randomUUID();
    return saved;
  } else reasons.replaceChildren(make("li", "", words.failed));
  return null;
}

async function leave(where: (saved: Saved) => string): Promise<void> {
  const saved = await save();
  if (saved) location.href = where(saved);
}

async function post(url: string, values: Record<string, string>): Promise<boolean> {
  const data = new FormData();
  for (const [name, value] of Object.entries(values)) data.set(name, value);
  const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), Accept: "application/json", "HX-Request": "true" }, body: data });
  if (answer.ok) {
    const next = answer.headers.get("HX-Redirect");
    if (next) location.href = next;
    return true;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.dispatchEvent(new CustomEvent("punctual:notice", { detail: { text: page.body.textContent?.trim() ?? words.failed, kind: "error" } }));
  return false;
}

/** Promises the order's date; returns the order's version then, or null when it is refused (the reasons are shown). */
async function givePromise(url: string, values: Record<string, string>): Promise<string | null> {
  const data = new FormData();
  for (const [name, value] of Object.entries(values)) data.set(name, value);
  const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), Accept: "application/json" }, body: data });
  if (answer.ok) return String(((await answer.json()) as { version: number }).version);
  const refused = (await answer.json().catch(() => ({}))) as { reasons?: { message: string }[] };
  const box = document.querySelector("[data-reasons]")!;
  box.replaceChildren(...(refused.reasons ?? [{ message: words.failed ?? "" }]).map((one) => make("li", "", one.message)));
  return null;
}

async function step(which: "submit" | "quote"): Promise<void> {
  const saved = await save();
  if (!saved) return;
  let version = String(saved.version);
  const wish = promise?.wish();
  if (which === "quote" && wish) {
    const kept = await givePromise(saved.promise, { date: wish.date, offer: wish.offer, exception_reason: wish.exception, reason: "", channel: "quotation", cause: "customer", version });
    if (kept === null) {
      adopt(saved);
      void promise?.refresh();
      return;
    }
    version = kept;
    entry.version = Number(kept);
  }
  if (!(await post(saved[which], { version }))) adopt(saved);
}

async function withdraw(waiver: number): Promise<void> {
  const saved = await save();
  if (saved) await post(saved.withdraw.replace("/0/", `/${waiver}/`), { version: String(saved.version), next: saved.edit });
}

async function waive(one: Finding): Promise<void> {
  const box = document.getElementById("waive-entry") as HTMLDialogElement;
  box.querySelector("[data-waive-text]")!.textContent = one.message;
  const reason = box.querySelector("textarea")!;
  reason.value = "";
  box.returnValue = "";
  box.onclose = async () => {
    if (box.returnValue !== "yes" || !reason.value.trim()) return;
    const saved = await save();
    if (!saved) return;
    const values = { code: one.code, line: one.row === null ? "" : String(one.row), reason: reason.value, version: String(saved.version), next: saved.edit };
    await post(saved.waive, values);
  };
  box.showModal();
}

document.querySelector("[data-save]")!.addEventListener("click", () => void leave((saved) => saved.url));
document.querySelector("[data-submit-order]")?.addEventListener("click", (event) => {
  if ((event.currentTarget as HTMLElement).getAttribute("aria-disabled") !== "true") void step("submit");
});
document.querySelector("[data-quote-order]")!.addEventListener("click", () => void step("quote"));
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    void leave((saved) => saved.url);
  }
});
window.addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

draw();
void suggest("");
void check();
offer(keeper, payload(), takeKept);
if (location.hash.startsWith("#line-")) body.querySelector<HTMLElement>(`${location.hash} input`)?.focus();
