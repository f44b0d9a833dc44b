// What every page does: theme, menus, dialogs, keyboard, notices, rows. No rule of the business lives here.
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";
import { keyboard } from "./keyboard";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}

window.htmx = htmx;
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
// A refusal is an answer too: its reasons are swapped in where they belong.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "4..", swap: true, error: false },
  { code: "5..", swap: false, error: true },
];

htmx.defineExtension("morph", {
  isInlineSwap: (style: string) => style === "morph",
  handleSwap: (style: string, target: Node, fragment: DocumentFragment | Node) => {
    if (!style.startsWith("morph")) return false;
    const inner = style === "morph:innerHTML";
    const nodes = fragment instanceof DocumentFragment ? [...fragment.childNodes] : [fragment];
    return Idiomorph.morph(target as Element, nodes as unknown as Element, { morphStyle: inner ? "innerHTML" : "outerHTML" });
  },
} as unknown as Parameters<typeof htmx.defineExtension>[1]);

const root = document.documentElement;
const year = 365 * 24 * 3600;

function switchTheme(): void {
  const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  root.setAttribute("data-bs-theme", next);
  document.cookie = `theme=${next};path=/;max-age=${year};samesite=lax`;
  document.dispatchEvent(new CustomEvent("punctual:theme", { detail: next }));
}

export function dialog(id: string): HTMLDialogElement | null {
  return document.getElementById(id) as HTMLDialogElement | null;
}

function openPalette(): void {
  const box = dialog("palette");
  if (!box || box.open) return;
  box.showModal();
  const input = box.querySelector("input");
  if (input) {
    input.select();
    htmx.trigger(input, "palette-open", {});
  }
}

// Of the keys that only some pages know, those that do something on this one.
function openKeys(): void {
  const sheet = dialog("keys");
  if (!sheet || sheet.open) return;
  for (const key of sheet.querySelectorAll<HTMLElement>("[data-when]")) key.hidden = !document.querySelector(key.dataset.when ?? "");
  const here = sheet.querySelector<HTMLElement>("[data-here]");
  if (here) here.hidden = !here.querySelector("[data-when]:not([hidden])");
  sheet.showModal();
}

// The number between − and +; what stands in it grey is where it begins.
function step(source: HTMLElement, up: boolean): void {
  const field = source.parentElement?.querySelector<HTMLInputElement>("input[type=number]");
  if (!field) return;
  if (!field.value) field.value = field.placeholder;
  if (up) field.stepUp();
  else field.stepDown();
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// What is shown once, to the clipboard; where the browser keeps that closed, it is marked to be copied by key.
async function copy(source: HTMLElement): Promise<void> {
  const shown = source.parentElement?.querySelector("code");
  if (!shown) return;
  try {
    await navigator.clipboard.writeText(shown.textContent ?? "");
    notice(source.dataset.copied ?? "");
  } catch {
    getSelection()?.selectAllChildren(shown);
  }
}

const actions: Record<string, (source: HTMLElement) => void> = {
  theme: switchTheme,
  palette: openPalette,
  keys: openKeys,
  more: () => dialog("more")?.showModal(),
  "close-dialog": (source) => source.closest("dialog")?.close(),
  "open-dialog": (source) => dialog(source.dataset.dialog ?? "")?.showModal(),
  focus: (source) => document.getElementById(source.dataset.focus ?? "")?.focus(),
  less: (source) => step(source, false),
  greater: (source) => step(source, true),
  copy: (source) => void copy(source),
  dismiss: (source) => source.closest("[data-notice]")?.remove(),
  "close-peek": () => {
    document.querySelector(".has-peek")?.classList.remove("has-peek");
    document.getElementById("peek")?.replaceChildren();
  },
};

document.addEventListener("click", (event) => {
  const element = event.target as HTMLElement;
  const source = element.closest<HTMLElement>("[data-act]");
  const action = source && actions[source.dataset.act ?? ""];
  if (source && action) action(source);
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
    if (!menu.contains(element)) menu.open = false;
  }
  if (element instanceof HTMLDialogElement && element.open) element.close();
  const row = element.closest<HTMLElement>("tr[data-href]");
  if (row && !element.closest("a, button, input, label, select, summary")) location.href = row.dataset.href ?? "";
});

// A form asks once, and its button can't be pressed twice while it is under way.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const question = (event.submitter as HTMLElement | null)?.dataset.confirm ?? form.dataset.confirm;
  if (question && !confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post" || event.defaultPrevented) return;
  setTimeout(() => {
    for (const button of form.querySelectorAll<HTMLButtonElement>("button:not([type=button])")) button.setAttribute("aria-busy", "true");
  });
  if (form.hasAttribute("hx-post") || !form.matches("dialog form, [data-stay]") || form.matches("[data-leave]")) return;
  event.preventDefault();
  void settle(form, event.submitter);
});
const rested = (part: ParentNode): void => {
  for (const button of part.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
};
window.addEventListener("pageshow", () => rested(document));

type Told = { "punctual:notice": { text: string } };
// What a dialog asks for, and other small forms of a page, is sent while the page stays: what was refused stands beside
// what was typed. An answer that is a page of its own is fetched as one; the same key does nothing twice.
async function settle(form: HTMLFormElement, by: HTMLElement | null): Promise<void> {
  const target = by?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
  const answer = await fetch(target, { method: "POST", body: new FormData(form, by), headers: { "HX-Request": "true", "Punctual-Stay": "true" } }).catch(() => null);
  const onward = answer?.headers.get("HX-Redirect");
  if (onward) {
    const there = new URL(onward, location.href);
    const here = there.pathname === location.pathname && there.search === location.search;
    location.assign(there);
    if (here && there.hash) location.reload();
    return;
  }
  const words = answer?.headers.get("HX-Retarget") === "#notices" ? await answer.text() : "";
  const told = answer?.headers.get("HX-Trigger");
  if (!answer || told) {
    rested(form);
    notice(told ? (JSON.parse(told) as Told)["punctual:notice"].text : (document.body.dataset.failed ?? ""), "error");
    return;
  }
  if (!words) {
    if (by instanceof HTMLButtonElement && by.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: by.name, value: by.value }));
    form.action = target;
    form.submit();
    return;
  }
  rested(form);
  const dialog = form.closest("dialog");
  const box = dialog?.querySelector(".dlg-b") ?? dialog ?? document.getElementById("notices")!;
  box.querySelector("[data-notice]")?.remove();
  box.insertAdjacentHTML("beforeend", words);
}

// A filter form sends each group as one comma-separated value, so that addresses stay short and readable.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!("filter" in form.dataset)) return;
  event.preventDefault();
  const values = new Map<string, string[]>();
  for (const [name, value] of new FormData(form)) values.set(name, [...(values.get(name) ?? []), String(value)]);
  const keep = new URLSearchParams(location.search);
  for (const element of form.elements) if ("name" in element && element.name) keep.delete(String(element.name));
  keep.delete("page");
  for (const [name, list] of values) keep.set(name, list.join(","));
  location.search = keep.toString();
});

document.addEventListener("change", (event) => {
  const element = event.target as HTMLElement;
  if (element.matches("[data-submit]")) element.closest("form")?.requestSubmit();
  if (element.matches("input[data-file]")) {
    const names = [...((element as HTMLInputElement).files ?? [])].map((file) => file.name);
    const shown = element.parentElement?.querySelector<HTMLElement>("[data-file-name]");
    if (shown) {
      shown.textContent = names.join(", ") || (shown.dataset.none ?? "");
      shown.toggleAttribute("data-user-content", names.length > 0);
    }
  }
});

// A picture pasted or dropped into a comment is kept at once and stands where the caret was.
async function keepPicture(box: HTMLTextAreaElement, file: File): Promise<void> {
  const body = new FormData();
  body.append("file", file, file.name || "picture.png");
  body.append("csrfmiddlewaretoken", box.form?.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "");
  box.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(box.dataset.pictures ?? "", { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) box.setRangeText(`${((await answer.json()) as { markdown: string }).markdown}\n`, box.selectionStart, box.selectionEnd, "end");
    else notice(answer.status === 422 ? ((await answer.text()).replace(/<[^>]*>/g, " ").trim().slice(0, 200) || answer.statusText) : answer.statusText, "error");
  } finally {
    box.removeAttribute("aria-busy");
  }
}

for (const kind of ["paste", "drop"] as const)
  document.addEventListener(kind, (event) => {
    const box = event.target as HTMLElement;
    const data = event instanceof ClipboardEvent ? event.clipboardData : (event as DragEvent).dataTransfer;
    const file = [...(data?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!(box instanceof HTMLTextAreaElement) || !box.dataset.pictures || !file) return;
    event.preventDefault();
    void keepPicture(box, file);
  });

export function notice(text: string, kind: "success" | "error" = "success"): void {
  const box = document.getElementById("notices");
  if (!box) return;
  const item = document.createElement("div");
  item.className = `toast2 ${kind}`;
  item.dataset.notice = "";
  item.textContent = text;
  box.append(item);
  if (kind === "success") setTimeout(() => item.remove(), 8000);
}
for (const item of document.querySelectorAll(".toast2.success")) setTimeout(() => item.remove(), 8000);

document.body.addEventListener("htmx:responseError", () => notice(document.body.dataset.failed ?? "", "error"));
// What a dialog was refused stands in the dialog, beside what was typed: the page's notices lie behind it.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const detail = (event as CustomEvent<{ target: Element; requestConfig: { elt: Element } }>).detail;
  const box = detail.requestConfig.elt.closest("dialog[open]");
  if (!box || detail.target.id !== "notices") return;
  box.querySelector("[data-notice]")?.remove();
  detail.target = box.querySelector(".dlg-b") ?? box;
});
document.addEventListener("punctual:notice", (event) => {
  const { text, kind } = (event as CustomEvent<{ text: string; kind?: "success" | "error" }>).detail;
  notice(text, kind);
});

for (const element of document.querySelectorAll<HTMLElement>("[data-scroll-x]")) element.scrollLeft = Number(element.dataset.scrollX);

/** What scrolls and holds nothing to focus is reached by the keyboard itself. */
function reachScrollers(): void {
  for (const box of document.querySelectorAll<HTMLElement>(".scx:not([tabindex])")) {
    if (box.scrollWidth > box.clientWidth && !box.querySelector("a[href], button, input, select, textarea, summary")) box.tabIndex = 0;
  }
}
reachScrollers();
addEventListener("resize", reachScrollers);
document.body.addEventListener("htmx:afterSettle", reachScrollers);

keyboard({ openPalette, openKeys });

// Paper is white and as wide as the desk: a dark page is printed in its light colours, and the phone's layout, which a
// sheet of paper would fall under by its width, stays with screens.
let shown: string | null = null;
addEventListener("beforeprint", () => {
  shown = root.getAttribute("data-bs-theme");
  root.setAttribute("data-bs-theme", "light");
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule instanceof CSSMediaRule && rule.media.mediaText.startsWith("(max-width")) rule.media.mediaText = `screen and ${rule.media.mediaText}`;
    }
  }
});
addEventListener("afterprint", () => {
  if (shown) root.setAttribute("data-bs-theme", shown);
});
