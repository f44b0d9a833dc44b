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

// A canvas that is signed on: strokes become a PNG in the form's hidden field.
for (const canvas of document.querySelectorAll<HTMLCanvasElement>("canvas[data-sign]")) {
  const field = document.getElementById(canvas.dataset.sign ?? "") as HTMLInputElement | null;
  const pen = canvas.getContext("2d");
  if (!field || !pen) continue;
  let down = false;
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  pen.lineWidth = 2.5;
  pen.lineCap = "round";
  canvas.addEventListener("pointerdown", (event) => {
    down = true;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down) return;
    pen.lineTo(...place(event));
    pen.stroke();
  });
  canvas.addEventListener("pointerup", () => {
    down = false;
    field.value = canvas.toDataURL("image/png");
  });
  document.querySelector(`[data-unsign="${canvas.id}"]`)?.addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    field.value = "";
  });
}
