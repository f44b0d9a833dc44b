// The Gantt page: table and chart of one plan, drawn by ourselves, planned by the server.
import { chart, HEAD, header, ROW, type View } from "./gantt/draw";
import { dragging } from "./gantt/drag";
import { Drawer } from "./gantt/drawer";
import { Grid } from "./gantt/grid";
import { Model } from "./gantt/model";
import { dayNumber, Scale, shortDay } from "./gantt/scale";
import { Refused, Server } from "./gantt/server";
import { Strip } from "./gantt/strip";
import type { Command, PlanData, Words, Zoom } from "./gantt/types";

const MARGIN = 21;
const root = document.getElementById("gantt");
if (root && matchMedia("(min-width: 901px)").matches) void start(root);
else if (root) matchMedia("(min-width: 901px)").addEventListener("change", () => void start(root), { once: true });

async function start(root: HTMLElement): Promise<void> {
  const server = new Server(root.dataset.api ?? "");
  const words = JSON.parse(document.getElementById("gantt-words")?.textContent ?? "{}") as Words;
  let data: PlanData;
  try {
    data = await server.load();
  } catch (error) {
    tell(error instanceof Refused ? error.problem.title : (words.failed ?? ""), "error");
    return;
  }
  new Page(root, server, words, data);
}

function tell(text: string, kind: "success" | "error"): void {
  document.dispatchEvent(new CustomEvent("punctual:notice", { detail: { text, kind } }));
}

class Page {
  private model: Model;
  private scale!: Scale;
  private grid: Grid;
  private strip: Strip | null = null;
  private drawer: Drawer;
  private scroller: HTMLElement;
  private sizer: HTMLElement;
  private svg: SVGSVGElement;
  private head: SVGSVGElement;
  private zoom: Zoom;
  private shown = { critical: true, float: true, tail: true };
  private chinese = document.documentElement.lang.startsWith("zh");
  private frame = 0;
  private mayEdit: boolean;
  private mayReport: boolean;
  private pending = 0;

  constructor(
    private root: HTMLElement,
    private server: Server,
    private words: Words,
    data: PlanData,
  ) {
    this.model = new Model(data);
    this.mayEdit = root.dataset.mayEdit === "1";
    this.mayReport = root.dataset.mayReport === "1";
    const part = <T extends Element>(name: string) => root.querySelector<T & HTMLElement>(`[data-part="${name}"]`) as T & HTMLElement;
    this.scroller = part<HTMLElement>("scroller");
    this.sizer = part<HTMLElement>("sizer");
    this.svg = part<SVGSVGElement>("chart") as unknown as SVGSVGElement;
    this.head = part<SVGSVGElement>("head") as unknown as SVGSVGElement;
    this.zoom = (localStorage.getItem("gantt-zoom") as Zoom | null) ?? "week";
    const shared = { model: this.model, words, chinese: this.chinese, mayEdit: this.mayEdit, mayReport: this.mayReport };
    const send = (command: Command) => this.send(command);
    const select = (id: number | null, also = false) => this.select(id, also);
    const open = () => this.drawer.open();
    this.drawer = new Drawer(part("drawer"), { ...shared, send });
    this.grid = new Grid(part("rows"), { ...shared, send, select, open, due: () => this.due(), redraw: () => this.draw(), reveal: (row) => this.reveal(row) });
    dragging(this.svg, { ...shared, send, select, open, scale: () => this.scale, left: () => this.scroller.scrollLeft, top: () => this.scroller.scrollTop, editLink: (id) => this.editLink(id) });
    this.listen(part("tools"));
    this.rescale();
    this.toToday();
    this.toOpenWork();
    const asked = new URLSearchParams(location.search);
    const kept = Number(asked.get("from")) || (data.baselines.at(-1)?.number ?? 0);
    void this.compare(kept ? `/baselines/${kept}` : "", "baseline");
    const beside = root.querySelector<HTMLSelectElement>("[data-against]");
    if (beside) this.beside(beside);
    this.showLoad(root, shared);
    if (root.dataset.seesForecast) void this.foresee();
    this.root.classList.add("ready");
  }

  private due(): string | null {
    return this.model.data.plan.promised_date ?? this.model.data.plan.requested_date;
  }

  private get today(): string {
    return this.root.dataset.today ?? "";
  }

  // ---- what is seen

  private rescale(): void {
    const days = this.model.data.tasks.length ? [...this.model.tasks.values()] : [];
    const { promised_date, requested_date } = this.model.data.plan;
    const starts = days.map((task) => dayNumber(task.start));
    const ends = [...days.map((task) => dayNumber(task.finish)), ...[promised_date, requested_date].filter((one) => one !== null).map(dayNumber)];
    const shifts = this.model.data.shifts.flat();
    const opens = Math.min(...shifts.map(([from]) => from), 1440);
    const closes = Math.max(...shifts.map(([, to]) => to), opens + 1);
    const first = starts.reduce((a, b) => Math.min(a, b), dayNumber(this.today)) - MARGIN;
    const last = ends.reduce((a, b) => Math.max(a, b), dayNumber(this.today)) + 3 * MARGIN;
    this.scale = new Scale(first - ((first + 3) % 7), last, this.zoom, opens, closes);
    this.draw();
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    const { scroller, scale, model } = this;
    this.sizer.style.width = `${scale.width}px`;
    this.sizer.style.height = `${model.rows.length * ROW}px`;
    const view: View = {
      left: scroller.scrollLeft,
      top: scroller.scrollTop,
      width: scroller.clientWidth,
      height: scroller.clientHeight,
      critical: this.shown.critical,
      float: this.shown.float,
      tail: this.shown.tail,
      today: this.today,
      chinese: this.chinese,
    };
    for (const [svg, height] of [[this.svg, view.height], [this.head, HEAD]] as const) {
      svg.setAttribute("width", String(view.width));
      svg.setAttribute("height", String(height));
    }
    this.svg.innerHTML = chart(model, scale, view, this.words);
    this.head.innerHTML = header(scale, view, this.marks());
    this.strip?.draw(scale, view.left, view.width, this.today);
    this.grid.draw(view.top, view.height);
    this.tools();
    this.chosenTools();
    this.drawer.fill();
  }

  private marks(): { x: number; text: string; kind: string }[] {
    const { plan } = this.model.data;
    const found = [{ x: this.scale.xDay(dayNumber(this.today)) + this.scale.dayWidth / 2, text: this.words.today ?? "", kind: "today" }];
    const flag = (iso: string | null, words: string | undefined, kind: string) => {
      if (iso) found.push({ x: this.scale.xDay(dayNumber(iso) + 1), text: `${words ?? ""} ${shortDay(iso, this.chinese)}`, kind });
    };
    if (plan.requested_date !== plan.promised_date) flag(plan.requested_date, this.words.requested, "requested");
    flag(plan.promised_date, this.words.promised, "promised");
    return found;
  }

  private tools(): void {
    const { plan, history } = this.model.data;
    const set = (name: string, text: string) => {
      for (const place of document.querySelectorAll(`[data-show="${name}"]`)) place.textContent = text;
    };
    const all = [...this.model.tasks.values()];
    set("status", plan.status_date ? shortDay(plan.status_date, this.chinese) : "—");
    set("planned", plan.planned_date ? shortDay(plan.planned_date, this.chinese) : "—");
    set("latest", plan.latest_start ? shortDay(plan.latest_start, this.chinese) : "—");
    set("rows", `${this.model.rows.length} / ${all.length}`);
    set("critical", String(all.filter((task) => task.is_critical && !task.is_summary).length));
    set("progress", `${plan.progress}%`);
    for (const [name, on] of [["undo", history.undo], ["redo", history.redo]] as const) {
      const button = document.querySelector<HTMLButtonElement>(`[data-tool="${name}"]`);
      if (button) button.disabled = !on || !this.mayEdit;
    }
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-zoom]")) button.setAttribute("aria-pressed", String(button.dataset.zoom === this.zoom));
    this.root.setAttribute("aria-busy", String(this.pending > 0));
  }

  /** What is done to chosen tasks needs some. */
  private chosenTools(): void {
    const chosen = this.model.chosen().length;
    for (const [name, on] of [["indent", chosen], ["outdent", chosen], ["delete", chosen], ["link", chosen > 1], ["open", this.model.current]] as const) {
      const button = document.querySelector<HTMLButtonElement>(`[data-tool="${name}"]`);
      if (button) button.disabled = !on;
    }
  }

  private toToday(): void {
    this.sizer.style.width = `${this.scale.width}px`;
    this.scroller.scrollLeft = Math.max(0, this.scale.xDay(dayNumber(this.today)) - this.scroller.clientWidth / 4);
    this.draw();
  }

  // What is done is above; the page opens where work goes on.
  private toOpenWork(): void {
    const row = this.model.rows.findIndex((task) => !task.is_summary && task.percent < 100);
    this.sizer.style.height = `${this.model.rows.length * ROW}px`;
    this.scroller.scrollTop = Math.max(0, row - 6) * ROW;
    this.draw();
  }

  // The row, and its bar where none of it is in sight.
  private reveal(row: number): void {
    const top = row * ROW;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW > this.scroller.scrollTop + this.scroller.clientHeight) this.scroller.scrollTop = top + ROW - this.scroller.clientHeight;
    const task = this.model.rows[row];
    if (task) {
      const begins = this.scale.x(task.start);
      const seen = this.scroller.scrollLeft;
      if (this.scale.x(task.finish) <= seen || begins >= seen + this.scroller.clientWidth) this.scroller.scrollLeft = Math.max(0, begins - this.scroller.clientWidth / 4);
    }
    this.paint();
  }

  private select(id: number | null, also = false): void {
    if (also && this.model.selected !== null && id !== this.model.selected) {
      this.model.also.add(this.model.selected);
      if (id !== null && this.model.also.delete(id)) {
        this.draw();
        return;
      }
    } else if (!also) this.model.also.clear();
    this.model.selected = id;
    cancelAnimationFrame(this.frame);
    this.paint();
  }

  private editLink(id: number): void {
    const link = this.model.links.find((one) => one.id === id);
    if (!link) return;
    this.select(link.successor);
    this.drawer.open();
    this.root.querySelector<HTMLElement>(`[data-link-row="${id}"] select`)?.focus();
  }

  /** ``path``: where the server tells when the tasks lie in what is compared; empty for nothing. */
  private async compare(path: string, place: "baseline" | "against"): Promise<void> {
    this.model[place] = new Map(path ? (await this.server.rows(path)).map((row) => [row.id, row]) : []);
    this.draw();
  }

  private beside(field: HTMLSelectElement): void {
    void this.compare(field.value, "against");
    const chosen = field.selectedOptions[0];
    const chip = this.root.querySelector<HTMLAnchorElement>("[data-part=scenario]");
    if (!chip) return;
    const url = chosen?.dataset.url;
    chip.hidden = !url;
    if (url) chip.href = url;
    else chip.removeAttribute("href");
    chip.textContent = chosen?.dataset.words ?? "";
  }

  private showLoad(root: HTMLElement, shared: { words: Words; chinese: boolean }): void {
    const place = root.querySelector<HTMLElement>("[data-part=load]");
    const button = root.querySelector<HTMLButtonElement>("[data-tool=load]");
    if (!place || !button) return;
    this.strip = new Strip(place, { ...shared, server: this.server, redraw: () => this.draw() });
    if (localStorage.getItem("gantt-load") !== "off") this.toggleLoad(button);
  }

  private toggleLoad(button: HTMLElement): void {
    const on = this.strip?.toggle() ?? false;
    localStorage.setItem("gantt-load", on ? "on" : "off");
    button.classList.toggle("on", on);
    button.setAttribute("aria-pressed", String(on));
  }

  private async foresee(): Promise<void> {
    this.model.foresee(await this.server.forecast());
    this.draw();
  }

  // ---- what is done

  private send(command: Command): void {
    this.pending++;
    this.server
      .edit(command, () => this.model.data.plan.version, (answer) => {
        this.model.take(answer);
        document.querySelector("[data-conflict]")?.setAttribute("hidden", "");
      })
      .catch((error: unknown) => this.failed(error, command))
      .finally(() => {
        this.pending--;
        this.rescale();
      });
  }

  private async failed(error: unknown, command: Command): Promise<void> {
    if (!(error instanceof Refused)) {
      tell(this.words.failed ?? "", "error");
      return;
    }
    const { problem } = error;
    if (problem.status !== 409) {
      tell(problem.reasons?.map((reason) => reason.message).join(" ") || problem.title, "error");
      return;
    }
    this.model.load(await this.server.load());
    const bar = document.querySelector<HTMLElement>("[data-conflict]");
    if (!bar) return;
    const changes = (problem.changes ?? []).slice(0, 5).map((one) => `${one.field} ${String(one.old ?? "—")} → ${String(one.new ?? "—")}`);
    const text = bar.querySelector("[data-conflict-text]");
    if (text) text.textContent = `${problem.title} ${changes.join("；")}`;
    bar.hidden = false;
    const again = bar.querySelector<HTMLButtonElement>("[data-conflict-again]");
    if (again) again.onclick = () => this.send(command);
    const leave = bar.querySelector<HTMLButtonElement>("[data-conflict-leave]");
    if (leave) leave.onclick = () => (bar.hidden = true);
  }

  private listen(tools: HTMLElement): void {
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.root.querySelector("[data-part=left]")?.addEventListener(
      "wheel",
      (event) => {
        this.scroller.scrollTop += (event as WheelEvent).deltaY;
        event.preventDefault();
      },
      { passive: false },
    );
    tools.addEventListener("click", (event) => this.tool((event.target as HTMLElement).closest<HTMLElement>("button")));
    tools.addEventListener("change", (event) => {
      const field = event.target as HTMLSelectElement;
      if (field.matches("[data-baseline]")) void this.compare(Number(field.value) ? `/baselines/${field.value}` : "", "baseline");
      if (field.matches("[data-against]")) this.beside(field);
    });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  private tool(button: HTMLElement | null): void {
    if (!button) return;
    if (button.dataset.zoom) return this.zoomTo(button.dataset.zoom as Zoom);
    const chosen = this.model.chosen();
    const current = this.model.current;
    const does: Record<string, () => void> = {
      today: () => this.toToday(),
      critical: () => this.toggle("critical", button),
      float: () => this.toggle("float", button),
      tail: () => this.toggle("tail", button),
      load: () => this.toggleLoad(button),
      undo: () => this.send({ verb: "undo" }),
      redo: () => this.send({ verb: "redo" }),
      add: () => this.send({ verb: "add", name: this.words.new_task ?? "", ...(current ? { after: current.id } : {}) }),
      milestone: () => this.send({ verb: "add", is_milestone: true, name: this.words.new_milestone ?? "", ...(current ? { after: current.id } : {}) }),
      delete: () => chosen.length && this.send({ verb: "delete", tasks: chosen }),
      indent: () => chosen.length && this.send({ verb: "indent", tasks: chosen }),
      outdent: () => chosen.length && this.send({ verb: "outdent", tasks: chosen }),
      link: () => this.send({ verb: "link", tasks: chosen }),
      open: () => current && this.drawer.open(),
    };
    does[button.dataset.tool ?? ""]?.();
  }

  private toggle(what: "critical" | "float" | "tail", button: HTMLElement): void {
    this.shown[what] = !this.shown[what];
    button.classList.toggle("on", this.shown[what]);
    button.setAttribute("aria-pressed", String(this.shown[what]));
    this.draw();
  }

  private zoomTo(zoom: Zoom): void {
    const middle = this.scale.dayAt(this.scroller.scrollLeft + this.scroller.clientWidth / 2);
    this.zoom = zoom;
    localStorage.setItem("gantt-zoom", zoom);
    this.rescale();
    this.sizer.style.width = `${this.scale.width}px`;
    this.scroller.scrollLeft = this.scale.xDay(middle) - this.scroller.clientWidth / 2;
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.matches("input, select, textarea") || document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z") {
      event.preventDefault();
      const verb = event.shiftKey ? "redo" : "undo";
      if (!document.querySelector<HTMLButtonElement>(`[data-tool="${verb}"]`)?.disabled) this.send({ verb });
    } else if (command && event.key.toLowerCase() === "y") {
      event.preventDefault();
      this.send({ verb: "redo" });
    } else if (!command && !event.altKey && event.key === "t") this.toToday();
    else if (event.key === "Escape" && this.drawer.isOpen) this.drawer.close();
  }
}
