// The promise panel of an order's page and of a customer's file; a part that htmx has put in gets its own.
import { PromisePanel } from "./promise-panel";

const begun = new WeakSet<HTMLElement>();
const PAUSE = 1500;

/** After a change it waits until the next one may have followed: an answer takes the server a second or two. */
function begin(wait = PAUSE): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-promise-url]")) {
    if (begun.has(box)) continue;
    begun.add(box);
    const panel = new PromisePanel(box, async (query) => {
      const answer = await fetch(`${box.dataset.promiseUrl}?${query}`, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return null;
      const html = await answer.text();
      queueMicrotask(() => (window as unknown as { htmx?: { process(node: Element): void } }).htmx?.process(box));
      return html;
    });
    setTimeout(() => box.isConnected && void panel.refresh(), wait);
  }
}

begin(0);
document.addEventListener("htmx:afterSettle", () => begin());
