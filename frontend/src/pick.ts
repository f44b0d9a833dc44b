// A list under a text field, opened by a sign that is typed: arrows move in it, Enter takes, Escape closes; the field
// keeps the focus and says by ARIA which choice stands out.
import { make } from "./dom";

export interface Choice {
  text: string;
  note?: string;
  value: string;
}

export interface Sign {
  /** Finds the sign and what is typed after it at the end of the text before the caret; the last group is that word. */
  at: RegExp;
  label: string;
  choices: () => Choice[];
  /** What stands in the field in place of sign and word. */
  take: (choice: Choice) => string;
}

const MOST = 8;

export function pickIn(field: HTMLInputElement, box: HTMLElement, signs: Sign[]): void {
  let open: { sign: Sign; begin: number; found: Choice[]; current: number } | null = null;
  let left = -1;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", box.id);

  const close = (): void => {
    open = null;
    box.hidden = true;
    box.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };

  const draw = (): void => {
    if (!open) return;
    const { current, found, sign } = open;
    box.setAttribute("aria-label", sign.label);
    box.replaceChildren(
      ...found.map((one, index) => {
        const option = make("li", index === current ? "pko on" : "pko");
        option.id = `${box.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", String(index === current));
        option.append(make("span", "", one.text));
        if (one.note) option.append(make("span", "t3 sm", one.note));
        return option;
      }),
    );
    box.hidden = false;
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-activedescendant", `${box.id}-${current}`);
    box.children[current]?.scrollIntoView({ block: "nearest" });
  };

  const look = (): void => {
    const before = field.value.slice(0, field.selectionStart ?? field.value.length);
    for (const sign of signs) {
      const match = sign.at.exec(before);
      if (!match) continue;
      const word = match[match.length - 1] ?? "";
      const begin = before.length - word.length - 1;
      if (begin === left) break;
      const found = sign.choices().filter((one) => `${one.text} ${one.note ?? ""}`.toLowerCase().includes(word.toLowerCase()));
      if (!found.length) break;
      open = { sign, begin, found: found.slice(0, MOST), current: 0 };
      draw();
      return;
    }
    close();
  };

  const take = (index: number): void => {
    const choice = open?.found[index];
    if (!open || !choice) return;
    const text = open.sign.take(choice);
    const caret = field.selectionStart ?? field.value.length;
    const end = open.begin + text.length;
    field.value = field.value.slice(0, open.begin) + text + field.value.slice(caret);
    field.setSelectionRange(end, end);
    close();
    field.focus();
  };

  field.addEventListener("input", (event) => {
    if ((event as InputEvent).isComposing) return;
    if (!field.value.length) left = -1;
    look();
  });
  field.addEventListener("compositionend", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (!open || event.isComposing) return;
    const { current, found } = open;
    if (event.key === "ArrowDown") open.current = (current + 1) % found.length;
    else if (event.key === "ArrowUp") open.current = (current + found.length - 1) % found.length;
    else if (event.key === "Enter") take(current);
    else if (event.key === "Escape") {
      left = open.begin;
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
  // Before the field loses the focus.
  box.addEventListener("pointerdown", (event) => {
    const option = (event.target as HTMLElement).closest("li");
    event.preventDefault();
    if (option) take([...box.children].indexOf(option));
  });
  close();
}
