// Loaded before the first paint: follows the system unless the reader has chosen light or dark.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function apply(): void {
  const wish = root.dataset.theme ?? "system";
  root.setAttribute("data-bs-theme", wish === "system" ? (dark.matches ? "dark" : "light") : wish);
}

apply();
dark.addEventListener("change", apply);
