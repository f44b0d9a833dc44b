// The order's page: waiving a warning asks for its reason; printing; what a link names is found again when it has come.
document.addEventListener("click", (event) => {
  const element = event.target as HTMLElement;
  const waive = element.closest<HTMLElement>("[data-waive]");
  if (waive) {
    const box = document.getElementById("waive-dialog") as HTMLDialogElement | null;
    if (!box) return;
    const set = (name: string, value: string): void => {
      box.querySelector<HTMLInputElement>(`input[name=${name}]`)!.value = value;
    };
    set("code", waive.dataset.code ?? "");
    set("line", waive.dataset.line ?? "");
    box.querySelector("[data-waive-text]")!.textContent = waive.dataset.text ?? "";
    box.showModal();
  }
  if (element.closest("[data-print]")) {
    event.preventDefault();
    print();
  }
});

// The subjects below the lines come after the page: whoever followed a link to one of them still looks at it.
document.addEventListener("htmx:afterSettle", (event) => {
  if ((event.target as HTMLElement).id !== "later-half" || location.hash.length < 2) return;
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
});
