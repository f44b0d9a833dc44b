import type htmx from "htmx.org";
import { pickIn } from "./pick";

// Requests and meetings: a template goes into the answer; Alt and a letter says what a line of the minutes becomes.
document.addEventListener("click", (event) => {
  const source = (event.target as HTMLElement).closest<HTMLElement>("[data-insert]");
  const area = source && (document.getElementById(source.dataset.insert ?? "") as HTMLTextAreaElement | null);
  if (!source || !area) return;
  area.value = area.value.trim() ? `${area.value.trimEnd()}\n${source.dataset.text ?? ""}` : (source.dataset.text ?? "");
  source.closest("details")?.removeAttribute("open");
  area.focus();
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const letter = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
  const button = letter && document.querySelector<HTMLButtonElement>(`button[data-alt="${letter}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// A line of the minutes leaves the field at once and is kept in its turn, so that nobody waits before the next one; what
// could not be kept comes back with the reason. The lines themselves, others' too, come from the server.
const lineForm = document.getElementById("line-form") as HTMLFormElement | null;
if (lineForm) {
  const field = lineForm.elements.namedItem("text") as HTMLInputElement;
  const { htmx: page } = window as unknown as { htmx: typeof htmx };
  const decides = document.getElementById("line-settles") as HTMLElement;
  const settles = lineForm.elements.namedItem("settles") as HTMLInputElement;
  let turn = Promise.resolve();

  const owner = lineForm.elements.namedItem("who") as HTMLSelectElement;
  const told = document.getElementById("line-kept") as HTMLElement;
  let given = false;

  const settle = (key: string, name: string): void => {
    settles.value = key;
    decides.hidden = !key;
    (decides.querySelector("[data-settles-name]") as HTMLElement).textContent = name;
  };

  lineForm.addEventListener("punctual:owner", (event) => {
    const { text, value } = (event as CustomEvent<{ text: string; value: string }>).detail;
    owner.value = value;
    given = true;
    told.textContent = `${told.dataset.owner ?? ""} ${text}`;
  });

  const failed = (line: FormData): void => {
    const text = String(line.get("text"));
    field.value = field.value ? `${text} ${field.value}` : text;
    if (line.get("given")) owner.value = String(line.get("who"));
    given = Boolean(line.get("given"));
    if (line.get("settles")) settle(String(line.get("settles")), String(line.get("settled")));
    field.focus();
  };

  // “Decided” beside what the customer was to decide: its words begin the line, and keeping that line settles it.
  document.addEventListener("click", (event) => {
    const source = (event.target as HTMLElement).closest<HTMLElement>("[data-settle], [data-unsettle]");
    if (!source) return;
    event.preventDefault();
    settle(source.dataset.settle ?? "", source.dataset.text ?? "");
    const begin = source.dataset.begin ?? "";
    if (!field.value.startsWith(begin)) field.value = begin + field.value;
    field.focus();
  });

  const keep = async (line: FormData): Promise<void> => {
    const text = String(line.get("text"));
    line.set("form_key", document.querySelector<HTMLInputElement>("#said [name=form_key]")?.value ?? "");
    try {
      const answer = await fetch(lineForm.action, { method: "POST", body: line, headers: { "HX-Request": "true" } });
      if (answer.redirected) throw new Error("signed out");
      const part = await answer.text();
      page.swap(answer.ok ? "#said" : "#notices", part, { swapStyle: answer.ok ? "outerHTML" : "beforeend" } as Parameters<typeof page.swap>[2]);
      if (!answer.ok) return failed(line);
      told.textContent = `${told.dataset.kept ?? ""} ${text}`;
    } catch {
      document.dispatchEvent(new CustomEvent("punctual:notice", { detail: { text: document.body.dataset.failed ?? "", kind: "error" } }));
      failed(line);
    }
  };

  lineForm.addEventListener("submit", (event) => {
    event.preventDefault();
    const line = new FormData(lineForm, event.submitter);
    if (given) {
      // Who was named with @ has something to do.
      line.set("given", "1");
      if (line.get("kind") === "note" && !settles.value) line.set("kind", "action");
      owner.value = "";
      given = false;
    }
    line.set("settled", (decides.querySelector("[data-settles-name]") as HTMLElement).textContent ?? "");
    field.value = "";
    settle("", "");
    field.focus();
    turn = turn.then(() => keep(line));
  });
}

// “@” names who does it, “/” quotes a line of the material.
const picks = document.getElementById("line-pick");
if (lineForm && picks) {
  const field = lineForm.elements.namedItem("text") as HTMLInputElement;
  pickIn(field, picks, [
    {
      at: /(?:^|[^\w])[@＠]([^\s@＠]*)$/,
      label: picks.dataset.who ?? "",
      choices: () =>
        [...(lineForm.elements.namedItem("who") as HTMLSelectElement).options].map((one) => ({
          text: one.text,
          note: (one.parentElement as HTMLOptGroupElement).label,
          value: one.value,
        })),
      take: (choice) => {
        lineForm.dispatchEvent(new CustomEvent("punctual:owner", { detail: choice }));
        return "";
      },
    },
    {
      at: /(?:^|\s)[/／、]([^\s/／、]*)$/,
      label: picks.dataset.quote ?? "",
      choices: () =>
        [...document.querySelectorAll<HTMLElement>("[data-quote]")].map((one) => {
          const text = one.innerText.replace(/\s+/g, " ").trim();
          return { text, note: one.dataset.quote ?? "", value: text };
        }),
      take: (choice) => `“${choice.value}” `,
    },
  ]);
}
