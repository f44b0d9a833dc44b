// A signature drawn with finger, pen or mouse; what was drawn goes into the form as a PNG and, where the form comes back
// refused, from there onto the canvas again.
for (const pad of document.querySelectorAll<HTMLElement>("[data-pad]")) {
  const canvas = pad.querySelector("canvas")!;
  const field = pad.querySelector<HTMLInputElement>("input[name=signature]")!;
  const state = pad.querySelector<HTMLElement>("[data-pad-state]");
  const pen = canvas.getContext("2d")!;
  let drawing = false;

  const say = (full: boolean): void => {
    if (state) state.textContent = (full ? state.dataset.full : state.dataset.empty) ?? "";
  };
  const tell = (full: boolean): void => {
    field.value = full ? canvas.toDataURL("image/png") : "";
    say(full);
  };
  if (field.value) {
    const drawn = new Image();
    drawn.addEventListener("load", () => pen.drawImage(drawn, 0, 0, canvas.width, canvas.height));
    drawn.src = field.value;
    say(true);
  }
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    drawing = true;
    canvas.setPointerCapture(event.pointerId);
    pen.lineWidth = 2.5;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#19212d";
    pen.beginPath();
    pen.moveTo(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    pen.lineTo(...place(event));
    pen.stroke();
  });
  const stop = (): void => {
    if (!drawing) return;
    drawing = false;
    tell(true);
  };
  canvas.addEventListener("pointerup", stop);
  canvas.addEventListener("pointercancel", stop);
  pad.querySelector("[data-pad-clear]")?.addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    tell(false);
  });
}
