// The inspection page: counting, limits and verdict at once, without leaving the page. The server decides all of it again.
const form = document.getElementById("inspect") as HTMLFormElement | null;

function by<T extends HTMLElement>(selector: string, root: ParentNode = document): T | null {
  return root.querySelector<T>(selector);
}

function numberOf(input: HTMLInputElement | null): number {
  const value = Number(input?.value.trim().replace(",", "."));
  return Number.isFinite(value) ? value : 0;
}

/** Says beside a value whether it fits; returns whether it is beyond its limits. */
function say(row: HTMLElement): boolean {
  const input = by<HTMLInputElement>("input", row);
  if (!input) return false;
  const text = input.value.trim().replace(",", ".");
  const value = Number(text);
  const known = text !== "" && Number.isFinite(value);
  const lower = row.dataset.lower ? Number(row.dataset.lower) : -Infinity;
  const upper = row.dataset.upper ? Number(row.dataset.upper) : Infinity;
  const low = known && value < lower;
  const high = known && value > upper;
  const show = (name: string, on: boolean, by_: number): void => {
    const place = by<HTMLElement>(`[data-${name}]`, row);
    if (!place) return;
    place.hidden = !on;
    const amount = by<HTMLElement>("[data-by]", place);
    if (amount) amount.textContent = on ? `${by_ < 0 ? "−" : "+"}${Math.abs(by_).toPrecision(2).replace(/\.?0+$/, "")}` : "";
  };
  show("ok", known && !low && !high, 0);
  show("low", low, value - lower);
  show("high", high, value - upper);
  by<HTMLElement>("[data-was]", row)?.remove();
  input.classList.toggle("bad", low || high);
  return low || high;
}

/** `typed`: something has changed since the server said why. */
function judge(page: HTMLFormElement, typed: boolean): void {
  const rows = [...page.querySelectorAll<HTMLElement>("[data-value]")];
  const beyond = rows.map(say).some(Boolean);
  const failed = page.querySelectorAll<HTMLInputElement>("input[type=radio][value=no]:checked").length > 0;
  const measured = Number(page.dataset.bad ?? "0") + (beyond ? 1 : 0);
  const bad = Math.max(numberOf(by<HTMLInputElement>("#nonconforming")), measured);
  const ac = Number(page.dataset.ac ?? "0");
  const accepted = bad <= ac && !failed;
  const swap = (place: HTMLElement | null): void => {
    if (!place) return;
    place.textContent = (accepted ? place.dataset.accept : place.dataset.reject) ?? "";
    if (!place.classList.contains("bt")) {
      place.classList.toggle("ok", accepted);
      place.classList.toggle("late", !accepted);
    }
  };
  swap(by("[data-verdict]"));
  swap(by("[data-verdict-short]"));
  swap(by("[data-submit]"));
  by<HTMLElement>("#verdict")?.classList.toggle("vd", !accepted);
  const why = by<HTMLElement>("[data-why]");
  const reason = (accepted ? why?.dataset.within : why?.dataset.reached) ?? "";
  // A point that is not fulfilled rejects without any count; the server names it.
  if (why && typed) why.textContent = failed ? "" : reason.replace("%(count)s", String(bad));
  const follows = by<HTMLElement>("[data-if-reject]");
  if (follows) follows.hidden = accepted;
  const count = by<HTMLElement>("[data-say-count]");
  if (count) count.textContent = (count.dataset.text ?? "").replace("%(bad)s", String(bad)).replace("%(ac)s", String(ac));
}

// A lot that is judged stays as it was judged.
if (form && by("#nonconforming", form)) {
  const page = form;
  page.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLButtonElement>("button[data-step],button[data-defect]");
    const count = by<HTMLInputElement>("#nonconforming");
    if (!button || !count) return;
    event.preventDefault();
    if (button.dataset.step) {
      count.value = String(Math.max(0, numberOf(count) + Number(button.dataset.step)));
    } else {
      const hidden = by<HTMLInputElement>(`input[name="defect-count-${button.dataset.defect}"]`, page);
      if (hidden) {
        hidden.value = String(numberOf(hidden) + 1);
        const shown = by<HTMLElement>("[data-count]", button);
        if (shown) shown.textContent = hidden.value;
        button.classList.add("on");
        count.value = String(numberOf(count) + 1);
      }
    }
    judge(page, true);
  });
  page.addEventListener("input", () => judge(page, true));
  page.addEventListener("change", (event) => {
    const photo = event.target as HTMLInputElement;
    const told = by<HTMLElement>("[data-photo-count]");
    if (photo.matches("[data-photo]") && told) told.textContent = [...(photo.files ?? [])].map((one) => one.name).join(", ");
  });
  judge(page, false);
}
