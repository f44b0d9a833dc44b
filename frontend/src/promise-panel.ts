// The panel with three dates: which of them is chosen, which day is promised; the server draws it anew each time.
export interface Wish {
  date: string;
  offer: string;
  exception: string;
}

/** What is not known yet is asked for again by itself. */
const AGAIN = 15_000;

export class PromisePanel {
  private offer = "";
  private day = "";
  private round = 0;

  /** `load` fetches the panel for an offer and a day; empty ones leave the choice to the server. */
  constructor(private box: HTMLElement, private load: (query: string) => Promise<string | null>) {
    box.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>("[data-offer]");
      if (!button) return;
      this.offer = button.dataset.offer ?? "";
      this.day = "";
      void this.refresh(`[data-offer=${this.offer}]`);
    });
    box.addEventListener("change", (event) => {
      const input = event.target as HTMLInputElement;
      if (!input.matches("[data-promise-day]")) return;
      event.stopPropagation();
      this.day = input.value;
      void this.refresh("[data-promise-day]");
    });
    box.addEventListener("input", (event) => {
      const input = event.target as HTMLInputElement;
      if (!input.matches("[data-promise-day],[data-promise-exception]")) return;
      event.stopPropagation();
      const kept = box.querySelector<HTMLInputElement>("[data-promise-form] [name=exception_reason]");
      if (kept && input.matches("[data-promise-exception]")) kept.value = input.value;
    });
  }

  async refresh(focus = ""): Promise<void> {
    const round = ++this.round;
    this.box.setAttribute("aria-busy", "true");
    const html = await this.load(new URLSearchParams({ offer: this.offer, day: this.day }).toString());
    if (round !== this.round) return;
    this.box.removeAttribute("aria-busy");
    if (html === null) return;
    this.box.innerHTML = html;
    if (this.box.querySelector("[data-again]")) setTimeout(() => this.box.isConnected && round === this.round && void this.refresh(), AGAIN);
    if (focus) this.box.querySelector<HTMLElement>(focus)?.focus();
  }

  /** What is to be promised; null while there is nothing to promise or nobody has chosen. */
  wish(): Wish | null {
    const date = this.box.querySelector<HTMLInputElement>("[data-promise-day]")?.value ?? "";
    const offer = this.box.querySelector<HTMLElement>("[data-offer][aria-checked=true]")?.dataset.offer ?? "";
    const exception = this.box.querySelector<HTMLInputElement>("[data-promise-exception]")?.value ?? "";
    return date ? { date, offer, exception } : null;
  }
}
