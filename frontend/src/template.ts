// The plan template's editor: rows of cells, an outline by levels, a preview that follows. The server reads the text.
interface Row {
  id?: number;
  level: number;
  name: string;
  duration: string;
  duration_per_unit: string;
  needs: string;
  after: string;
  notes: string;
  is_milestone: boolean;
  is_delivery: boolean;
}
type Plain = Record<string, string>;
interface Reason {
  row: number | null;
  field: string;
  message: string;
}
interface Template {
  goals: string;
  tasks: Row[];
  budget: Plain[];
  standards: Plain[];
}

function json<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as T;
}

function token(): string {
  return (JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") as Plain)["X-CSRFToken"] ?? "";
}

function clone(id: string): HTMLElement {
  const template = document.getElementById(id) as HTMLTemplateElement;
  return template.content.firstElementChild?.cloneNode(true) as HTMLElement;
}

class Editor {
  private rows: Row[];
  private body: HTMLElement;
  private words = json<Plain>("tpl-words");
  private mayEdit: boolean;
  private timer = 0;
  private dirty = false;

  constructor(private root: HTMLElement) {
    const template = json<Template>("tpl-document");
    this.rows = template.tasks;
    this.mayEdit = root.dataset.mayEdit === "1";
    this.body = root.querySelector("[data-rows-edit]") as HTMLElement;
    if (this.mayEdit && !this.rows.length) this.rows.push(this.empty(0));
    for (const one of template.budget) this.line("budget", one);
    for (const one of template.standards) this.line("standard", one);
    this.draw();
    this.listen();
    void this.preview();
  }

  private empty(level: number): Row {
    return { level, name: "", duration: "", duration_per_unit: "", needs: "", after: "", notes: "", is_milestone: false, is_delivery: false };
  }

  // ---- the outline

  private numbers(): string[] {
    const counters: number[] = [];
    let deepest = -1;
    return this.rows.map((row) => {
      row.level = Math.max(0, Math.min(row.level, deepest + 1));
      deepest = row.level;
      counters.length = row.level + 1;
      counters[row.level] = (counters[row.level] ?? 0) + 1;
      return Array.from(counters, (one) => one ?? 1).join(".");
    });
  }

  // What waits for a row keeps waiting for it when rows get other numbers.
  private restructure(change: () => void): void {
    const before = new Map(this.numbers().map((wbs, index) => [wbs, this.rows[index] as Row]));
    change();
    const after = new Map(this.numbers().map((wbs, index) => [this.rows[index] as Row, wbs]));
    for (const row of this.rows) {
      row.after = row.after.replace(/\d+(\.\d+)*(?=\s*(?:FS|SS|FF|SF|[,，、;；·]|$))/gi, (wbs) => {
        const target = before.get(wbs);
        return (target && after.get(target)) ?? wbs;
      });
    }
    this.touched();
    this.draw();
  }

  private draw(): void {
    const numbers = this.numbers();
    const focus = document.activeElement as HTMLElement | null;
    const at = focus && this.body.contains(focus) ? [focus.closest("tr")?.dataset.index, focus.dataset.col] : null;
    this.body.replaceChildren(...this.rows.map((row, index) => this.row(row, index, numbers[index] ?? "")));
    if (at) this.focus(Number(at[0]), at[1] ?? "name");
  }

  private row(row: Row, index: number, wbs: string): HTMLElement {
    const made = clone("tpl-row");
    const next = this.rows[index + 1];
    const summary = next !== undefined && next.level > row.level;
    made.dataset.index = String(index);
    made.classList.toggle("sum", summary);
    made.classList.toggle("lv1", summary);
    (made.querySelector(".wbs") as HTMLElement).textContent = wbs;
    made.querySelector("[data-cell=name]")?.classList.add(`l${row.level}`);
    for (const input of made.querySelectorAll<HTMLInputElement>("input[data-col]")) {
      const name = input.dataset.col as keyof Row;
      input.value = String(row[name] ?? "");
      if (input.value === "0") input.value = "";
      input.disabled = !this.mayEdit || (summary && ["duration", "duration_per_unit", "needs"].includes(name));
      if (row.is_milestone && name.startsWith("duration")) input.disabled = true;
    }
    for (const button of made.querySelectorAll<HTMLButtonElement>("[data-flag]")) {
      button.setAttribute("aria-pressed", String(row[button.dataset.flag as "is_milestone"]));
      button.disabled = !this.mayEdit || summary;
      button.hidden = !this.mayEdit && button.getAttribute("aria-pressed") !== "true";
    }
    const drop = made.querySelector<HTMLButtonElement>("[data-drop]");
    if (drop) drop.hidden = !this.mayEdit;
    return made;
  }

  private focus(index: number, column: string): void {
    this.body.querySelector<HTMLElement>(`tr[data-index="${index}"] [data-col="${column}"]`)?.focus();
  }

  // ---- what is done

  private listen(): void {
    this.body.addEventListener("input", (event) => {
      const input = event.target as HTMLInputElement;
      const row = this.rows[Number(input.closest("tr")?.dataset.index)];
      if (row) (row as unknown as Plain)[input.dataset.col ?? ""] = input.value;
      input.closest("td")?.classList.remove("bad");
      this.touched();
    });
    this.body.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest("button");
      const index = Number(button?.closest("tr")?.dataset.index);
      const row = this.rows[index];
      if (!button || !row) return;
      if ("drop" in button.dataset) this.restructure(() => this.rows.splice(index, 1));
      else {
        const flag = button.dataset.flag as "is_milestone" | "is_delivery";
        row[flag] = !row[flag];
        this.touched();
        this.draw();
      }
    });
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("input", (event) => {
      if ((event.target as HTMLElement).closest("[data-head], [data-budget], [data-standards]")) this.touched();
    });
    this.root.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>("button");
      if (!button) return;
      if ("addRow" in button.dataset) this.insert(this.rows.length - 1);
      if ("addBudget" in button.dataset) this.line("budget", {});
      if ("addStandard" in button.dataset) this.line("standard", {});
      if ("adopt" in button.dataset) this.adopt(button);
      if ("drop" in button.dataset && !this.body.contains(button)) {
        button.closest(".row-f")?.remove();
        this.touched();
      }
    });
    for (const field of this.root.querySelectorAll("[data-quantity], [data-start]")) field.addEventListener("input", () => this.later());
    document.querySelector("[data-save]")?.addEventListener("click", () => void this.save());
    window.addEventListener("beforeunload", (event) => {
      if (this.dirty) event.preventDefault();
    });
  }

  /** Durations that fit what finished tasks took. */
  private adopt(button: HTMLElement): void {
    const row = this.rows.find((one) => one.id === Number(button.dataset.adopt));
    if (!row) return;
    this.restructure(() => {
      row.duration = button.dataset.duration ?? row.duration;
      row.duration_per_unit = button.dataset.perUnit ?? row.duration_per_unit;
    });
    button.setAttribute("disabled", "");
  }

  private key(event: KeyboardEvent): void {
    const input = event.target as HTMLInputElement;
    const index = Number(input.closest("tr")?.dataset.index);
    const row = this.rows[index];
    if (!row || !this.mayEdit) return;
    const column = input.dataset.col ?? "name";
    if (event.altKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) this.restructure(() => (row.level += event.key === "ArrowRight" ? 1 : -1));
    else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const to = index + (event.key === "ArrowUp" ? -1 : 1);
      if (this.rows[to]) this.restructure(() => this.rows.splice(to, 0, ...this.rows.splice(index, 1)));
      this.focus(to, column);
    } else if (event.key === "Enter" || event.key === "Insert") this.insert(index);
    else if (event.key === "ArrowDown" && !input.list) this.focus(index + 1, column);
    else if (event.key === "ArrowUp" && !input.list) this.focus(index - 1, column);
    else return;
    event.preventDefault();
  }

  private insert(index: number): void {
    this.restructure(() => this.rows.splice(index + 1, 0, this.empty(this.rows[index]?.level ?? 0)));
    this.focus(index + 1, "name");
  }

  private line(kind: "budget" | "standard", values: Plain): void {
    const made = clone(`tpl-${kind}`);
    made.dataset.more = values.task ?? "";
    for (const field of made.querySelectorAll<HTMLInputElement>("[data-col]")) {
      const value = values[field.dataset.col ?? ""];
      if (value !== undefined) field.value = value === "0" ? "" : value;
      field.disabled = !this.mayEdit;
    }
    const drop = made.querySelector<HTMLButtonElement>("[data-drop]");
    if (drop) drop.hidden = !this.mayEdit;
    this.root.querySelector(kind === "budget" ? "[data-budget]" : "[data-standards]")?.append(made);
  }

  private lines(where: string): Plain[] {
    return [...this.root.querySelectorAll<HTMLElement>(`${where} > .row-f`)].map((line) => ({
      ...Object.fromEntries([...line.querySelectorAll<HTMLInputElement>("[data-col]")].map((field) => [field.dataset.col ?? "", field.value])),
      task: line.dataset.more ?? "",
    }));
  }

  private document(): Record<string, unknown> {
    const head = (name: string) => this.root.querySelector<HTMLInputElement>(`[data-head="${name}"]`)?.value ?? "";
    const products = this.root.querySelector<HTMLSelectElement>('[data-head="products"]');
    return {
      version: Number(this.root.dataset.version),
      code: head("code"),
      name: head("name"),
      family: Number(head("family")) || null,
      goals: head("goals"),
      products: [...(products?.selectedOptions ?? [])].map((one) => Number(one.value)),
      tasks: this.rows,
      budget: this.lines("[data-budget]"),
      standards: this.lines("[data-standards]"),
      quantity: this.root.querySelector<HTMLInputElement>("[data-quantity]")?.value,
      start: this.root.querySelector<HTMLInputElement>("[data-start]")?.value,
    };
  }

  private touched(): void {
    this.dirty = true;
    this.later();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.preview(), 400);
  }

  private async post(url: string): Promise<Response> {
    return fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, body: JSON.stringify(this.document()) });
  }

  private async preview(): Promise<void> {
    const box = this.root.querySelector("[data-preview]");
    if (!box || !this.rows.some((row) => row.name.trim())) return;
    const response = await this.post(this.root.dataset.previewUrl ?? "");
    if (response.ok) {
      box.innerHTML = await response.text();
      this.faults([]);
    } else await this.refused(response);
  }

  private async save(): Promise<void> {
    const response = await this.post(this.root.dataset.saveUrl ?? "");
    if (!response.ok) {
      await this.refused(response);
      this.root.querySelector<HTMLElement>("td.bad input")?.focus();
      return;
    }
    this.dirty = false;
    location.href = ((await response.json()) as { url: string }).url;
  }

  private async refused(response: Response): Promise<void> {
    if (response.headers.get("Content-Type")?.includes("json")) this.faults(((await response.json()) as { reasons: Reason[] }).reasons);
    else document.dispatchEvent(new CustomEvent("punctual:notice", { detail: { text: this.words.failed, kind: "error" } }));
  }

  private faults(reasons: Reason[]): void {
    for (const cell of this.body.querySelectorAll("td.bad")) cell.classList.remove("bad");
    const named = this.rows.map((row, index) => [row, index] as const).filter(([row]) => row.name.trim());
    const numbers = this.numbers();
    const box = this.root.querySelector("[data-faults]");
    box?.replaceChildren(
      ...reasons.map((reason) => {
        const index = reason.row === null || reason.field.includes(".") ? undefined : named[reason.row - 1]?.[1];
        if (index !== undefined) this.body.querySelector(`tr[data-index="${index}"] [data-cell="${reason.field}"]`)?.classList.add("bad");
        const line = document.createElement("p");
        line.textContent = index === undefined ? reason.message : `${numbers[index]}: ${reason.message}`;
        return line;
      }),
    );
  }
}

const editor = document.getElementById("template");
if (editor) new Editor(editor);
