// Draws every `figure[data-chart]`: an ECharts option in JSON, in the product's theme. The words and the table beside it
// are in the page already; a point that carries `url` opens the rows behind it.
import { BarChart, BoxplotChart, CustomChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([AriaComponent, BarChart, BoxplotChart, CanvasRenderer, CustomChart, DataZoomComponent, GridComponent, HeatmapChart, LegendComponent, LineChart, MarkAreaComponent, MarkLineComponent, MarkPointComponent, ScatterChart, TooltipComponent, VisualMapComponent]);

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** `@late` in an option is the token `--pj-late`, so one option serves both themes. */
function coloured(value: Json, styles: CSSStyleDeclaration): Json {
  if (typeof value === "string") return value.startsWith("@") ? styles.getPropertyValue(`--pj-${value.slice(1)}`).trim() || value : value;
  if (Array.isArray(value)) return value.map((one) => coloured(one, styles));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coloured(one, styles)]));
  return value;
}

function theme(styles: CSSStyleDeclaration): object {
  const token = (name: string) => styles.getPropertyValue(`--pj-${name}`).trim();
  const axis = {
    axisLine: { lineStyle: { color: token("line-2") } },
    axisTick: { show: false },
    axisLabel: { color: token("text-3"), fontSize: 11 },
    nameTextStyle: { color: token("text-3"), fontSize: 11 },
    splitLine: { lineStyle: { color: token("grid") } },
  };
  return {
    color: [token("accent-fill"), token("band"), token("base"), token("what-fill")],
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11, color: token("text-2") },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: axis,
    timeAxis: { ...axis, splitLine: { show: false } },
    logAxis: axis,
    legend: { textStyle: { color: token("text-2"), fontSize: 11 }, itemWidth: 14, itemHeight: 8 },
    tooltip: { backgroundColor: token("surface"), borderColor: token("line-2"), textStyle: { color: token("text"), fontSize: 12 } },
    line: { symbolSize: 5, lineStyle: { width: 1.75 } },
  };
}

const drawn = new Map<HTMLElement, echarts.ECharts>();

function draw(figure: HTMLElement): void {
  const source = figure.querySelector<HTMLScriptElement>("script[type='application/json']");
  const canvas = figure.querySelector<HTMLElement>("[data-chart-canvas]");
  if (!source || !canvas || !canvas.clientWidth) return;
  drawn.get(canvas)?.dispose();
  const styles = getComputedStyle(document.documentElement);
  const chart = echarts.init(canvas, theme(styles), { renderer: "canvas" });
  const given = coloured(JSON.parse(source.textContent ?? "{}") as Json, styles) as Record<string, Json>;
  const tip = { renderMode: "richText", confine: true, ...((given.tooltip as object | undefined) ?? {}) };
  chart.setOption({ animation: false, grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true }, ...given, tooltip: tip });
  chart.on("click", (event) => {
    const url = (event.data as { url?: string } | null)?.url;
    if (url?.startsWith("/")) location.assign(url);
  });
  drawn.set(canvas, chart);
}

function drawAll(): void {
  for (const canvas of drawn.keys()) if (!canvas.isConnected) { drawn.get(canvas)?.dispose(); drawn.delete(canvas); }
  for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
    const canvas = figure.querySelector<HTMLElement>("[data-chart-canvas]");
    if (canvas && !drawn.has(canvas)) { draw(figure); sizes.observe(canvas); }
  }
}

const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const canvas = entry.target as HTMLElement;
    const chart = drawn.get(canvas);
    if (chart) chart.resize();
    else if (canvas.clientWidth) draw(canvas.closest("figure") as HTMLElement);
  }
});

new MutationObserver(() => {
  for (const canvas of drawn.keys()) draw(canvas.closest("figure") as HTMLElement);
}).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
document.addEventListener("htmx:afterSettle", drawAll);
drawAll();
