// The promise panel of an order's page.
import { PromisePanel } from "./promise-panel";

for (const box of document.querySelectorAll<HTMLElement>("[data-promise-url]")) {
  const panel = new PromisePanel(box, async (query) => {
    const answer = await fetch(`${box.dataset.promiseUrl}?${query}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return null;
    const html = await answer.text();
    queueMicrotask(() => (window as unknown as { htmx?: { process(node: Element): void } }).htmx?.process(box));
    return html;
  });
  void panel.refresh();
}
