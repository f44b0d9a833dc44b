// Builds the committed bundles under src/punctual/web/static: islands, icon sprite, vendored styles without web fonts.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const staticRoot = process.env.PUNCTUAL_STATIC ?? join(here, "../src/punctual/web/static");
const dist = join(staticRoot, "dist");
const vendor = join(staticRoot, "vendor");
for (const folder of [dist, vendor]) mkdirSync(folder, { recursive: true });

await build({
  entryPoints: readFileSync(join(here, "islands.txt"), "utf8").split("\n").filter(Boolean).map((name) => join(here, "src", `${name}.ts`)),
  outdir: dist,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  charset: "utf8",
  loader: { ".css": "text" },
});

const icons = readFileSync(join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean).sort();
const symbols = icons.map((name) => {
  const file = join(here, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
  if (!existsSync(file)) throw new Error(`there is no icon ${name}`);
  const body = readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  const paths = body.replace(/\s+/g, " ").replace(/<path stroke="none"[^>]*>/g, "").trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${paths}</symbol>`;
});
writeFileSync(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);

const withoutFonts = (css) =>
  css.replace(/@charset[^;]*;/g, "").replace(/@import[^;]*;/g, "").replace(/@font-face\s*{[^}]*}/g, "").replace(/\/\*#[^*]*\*\//g, "");
writeFileSync(join(vendor, "tabler.min.css"), withoutFonts(readFileSync(join(here, "node_modules/@tabler/core/dist/css/tabler.min.css"), "utf8")));
