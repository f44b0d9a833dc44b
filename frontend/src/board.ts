// The board of tasks: a card is dragged to another column by mouse or finger, or moved by Shift and an arrow. What the
// move means is the server's matter; a reason is asked for where one is needed.
const board = document.querySelector<HTMLElement>("[data-board]");

if (board) {
  const form = document.getElementById("board-move") as HTMLFormElement;
  const ask = document.getElementById("board-reason") as HTMLDialogElement;
  const targets = ["doing", "blocked", "done"];
  let dragged: HTMLElement | null = null;
  let ghost: HTMLElement | null = null;
  let hold = 0;

  const send = (card: HTMLElement, column: string): void => {
    (form.elements.namedItem("task") as HTMLInputElement).value = card.dataset.task ?? "";
    (form.elements.namedItem("column") as HTMLInputElement).value = column;
    const full = column === "doing" && board.dataset.full === "yes";
    if (column !== "blocked" && !full) return form.requestSubmit();
    ask.querySelector<HTMLElement>("[data-why=blocked]")!.hidden = column !== "blocked";
    ask.querySelector<HTMLElement>("[data-why=full]")!.hidden = column === "blocked";
    ask.showModal();
  };

  const cellAt = (x: number, y: number): HTMLElement | null => {
    const found = document.elementsFromPoint(x, y).find((one) => one.matches("[data-column]")) as HTMLElement | undefined;
    return found && targets.includes(found.dataset.column ?? "") ? found : null;
  };

  const mark = (cell: HTMLElement | null): void => {
    for (const one of board.querySelectorAll(".drop")) if (one !== cell) one.classList.remove("drop");
    cell?.classList.add("drop");
  };

  const begin = (card: HTMLElement, x: number, y: number): void => {
    dragged = card;
    ghost = card.cloneNode(true) as HTMLElement;
    ghost.classList.add("kgh");
    ghost.setAttribute("aria-hidden", "true");
    document.body.append(ghost);
    card.classList.add("kdr");
    follow(x, y);
  };

  const follow = (x: number, y: number): void => {
    ghost?.style.setProperty("left", `${x + 6}px`);
    ghost?.style.setProperty("top", `${y + 6}px`);
    mark(cellAt(x, y));
  };

  const end = (x: number, y: number, commit: boolean): void => {
    window.clearTimeout(hold);
    const card = dragged;
    const cell = commit ? cellAt(x, y) : null;
    ghost?.remove();
    card?.classList.remove("kdr");
    mark(null);
    dragged = ghost = null;
    if (card && cell && !cell.contains(card)) send(card, cell.dataset.column ?? "");
  };

  board.addEventListener("pointerdown", (event) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-task]");
    if (!card || event.button || (event.target as HTMLElement).closest("a,button,summary,input,form")) return;
    const { clientX: x, clientY: y } = event;
    if (event.pointerType === "mouse") {
      event.preventDefault();
      begin(card, x, y);
    } else {
      // A finger scrolls unless it rests on the card first.
      hold = window.setTimeout(() => begin(card, x, y), 350);
    }
  });
  document.addEventListener("pointermove", (event) => {
    if (dragged) follow(event.clientX, event.clientY);
  });
  document.addEventListener("pointerup", (event) => end(event.clientX, event.clientY, true));
  document.addEventListener("pointercancel", () => end(0, 0, false));
  board.addEventListener("touchmove", (event) => (dragged ? event.preventDefault() : window.clearTimeout(hold)), { passive: false });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dragged) return end(0, 0, false);
    const card = document.activeElement?.closest<HTMLElement>("[data-task]");
    if (!card || !board.contains(card) || !event.shiftKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const here = targets.indexOf(card.closest<HTMLElement>("[data-column]")?.dataset.column ?? "");
    const next = targets[here < 0 ? 0 : here + (event.key === "ArrowRight" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    send(card, next);
  });

  ask.querySelector("form")?.addEventListener("submit", () => {
    (form.elements.namedItem("reason") as HTMLInputElement).value = ask.querySelector<HTMLInputElement>("input")?.value ?? "";
    form.requestSubmit();
  });
}
