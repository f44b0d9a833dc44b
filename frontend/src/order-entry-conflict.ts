// Somebody else saved first: what they changed, and the two ways on.
import { make } from "./dom";
import type { Conflict } from "./order-entry-types";

export function showConflict(conflict: Conflict, sentence: string, keepMine: () => void, takeTheirs: () => void): void {
  const box = document.querySelector<HTMLElement>("[data-conflict]")!;
  box.hidden = false;
  box.querySelector("[data-conflict-text]")!.textContent = conflict.reasons[0]?.message ?? sentence;
  box.querySelector("[data-conflict-list]")!.replaceChildren(
    ...conflict.changes.slice(0, 20).map((one) => {
      const row = make("li", "", `${one.by} · ${one.label}: `);
      row.append(make("del", "t3", String(one.old ?? "—")), " → ", make("b", "", String(one.new ?? "—")));
      return row;
    }),
  );
  box.querySelector<HTMLElement>("[data-keep]")!.onclick = () => {
    box.hidden = true;
    keepMine();
  };
  box.querySelector<HTMLElement>("[data-take]")!.onclick = takeTheirs;
  box.scrollIntoView({ block: "center" });
}
