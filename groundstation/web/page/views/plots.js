// Telemetry over mission time, with uPlot, which `make venv` and the wheel put beside the page.

import { board as colour, style } from "../colours.js";
import { el, empty, update, wide } from "../dom.js";
import { store } from "../store.js";

export const name = "plots";
export const title = "Plots";
const UPLOT = "/page/vendor/node_modules/uplot/dist/";
const HEIGHT = 190;
const PAUSE_MS = 800; // between two drawings of the whole mission
const PLOTS = [
  { id: "applied", title: "Applied slot", unit: "slot", of: (board) => board[0] },
  { id: "view", title: "View of the latest slot", unit: "view", of: (board) => board[1], parameter: "view" },
  { id: "heap", title: "Free heap", unit: "kB", of: (board) => board[2] == null ? null : board[2] / 1000, parameter: "heap_free", divisor: 1000 },
  { id: "run", title: "Longest free run of the heap", unit: "kB", of: (board) => board[3] == null ? null : board[3] / 1000, parameter: "heap_run", divisor: 1000 },
  { id: "confirmed", title: "Telecommands confirmed", unit: "per mission second", rate: "confirmed" },
  { id: "lost", title: "Frames lost", unit: "per mission second", rate: "lost" },
];

let library = null, missing = "", made = new Map(), key = "", drawnAt = 0, host, said, hidden = new Set(), watcher = null;

export function open(main) {
  said = el("p", { class: "said" });
  host = el("div", { class: "plots" });
  main.append(wide("Telemetry", said, host));
  [key, drawnAt] = ["", 0];
  made = new Map();
  watcher = new ResizeObserver(() => resize());
  watcher.observe(host);
  load();
}

export function close() {
  watcher.disconnect();
  for (const plot of made.values()) plot.destroy();
  made = new Map();
}

export function restyle() {
  for (const plot of made.values()) plot.destroy();
  made = new Map();
  host.replaceChildren();
  [key, drawnAt] = ["", 0];
}

async function load() {
  if (library || missing) return;
  document.head.append(el("link", { rel: "stylesheet", href: `${UPLOT}uPlot.min.css` }));
  try {
    library = (await import(`${UPLOT}uPlot.esm.js`)).default;
  } catch {
    missing = "uPlot, which draws the plots, is not installed beside the page. In a checkout run `make venv` or `python -m groundstation.web.plotter`. Everything else works.";
  }
  draw();
}

/** The limits of a parameter that alarms look at: [{low, high, level}], in the plot's unit; null: open to that side. */
export function bands(plot) {
  const found = [];
  for (const row of Object.values(store.tables.limits)) {
    if (row.parameter !== plot.parameter) continue;
    const at = (value) => (value == null ? null : value / (plot.divisor ?? 1));
    for (const level of ["warning", "critical"]) {
      if (row[`${level}_low`] != null) found.push({ low: null, high: at(row[`${level}_low`]), level });
      if (row[`${level}_high`] != null) found.push({ low: at(row[`${level}_high`]), high: null, level });
    }
  }
  return found;
}

function nodes() {
  return Object.keys(store.tables.boards).map(Number).sort((a, b) => a - b);
}

function data(plot, samples) {
  const times = samples.map((sample) => sample.at);
  if (!plot.rate) return [times, ...nodes().map((node) => samples.map((sample) => (sample.boards[node] ? plot.of(sample.boards[node]) : null)))];
  return [times, samples.map((sample, index) => {
    const before = samples[index - 1];
    return !before || sample.at <= before.at ? null : (sample[plot.rate] - before[plot.rate]) / (sample.at - before.at);
  })];
}

export function draw() {
  const samples = Object.values(store.tables.series);
  update(said, missing || (samples.length ? `${samples.length} samples from the whole mission, at most 600: the longer it lasts, the farther they are apart. Dashed lines are limits of alarms.` : ""));
  if (missing || !library) return;
  if (samples.length < 2) {
    if (!made.size) update(host, empty("There is no telemetry yet."));
    return;
  }
  const now = JSON.stringify([samples.length, samples[samples.length - 1].at, nodes().length, Object.keys(store.tables.limits).length, [...hidden]]);
  if (now === key || performance.now() - drawnAt < PAUSE_MS) return;
  [key, drawnAt] = [now, performance.now()];
  if (!made.size || made.get("applied").series.length !== nodes().length + 1) build();
  for (const plot of PLOTS) made.get(plot.id).setData(data(plot, samples));
}

function build() {
  for (const plot of made.values()) plot.destroy();
  made = new Map();
  host.replaceChildren();
  for (const plot of PLOTS) {
    const box = el("div", { class: "box" });
    host.append(el("section", { class: "plot", "aria-label": plot.title }, el("h3", {}, plot.title, el("span", { class: "unit" }, ` (${plot.unit})`)), box));
    made.set(plot.id, new library(options(plot, box.clientWidth || 600), [[], ...(plot.rate ? [[]] : nodes().map(() => []))], box));
    if (!plot.rate && plot.id === "applied") host.before(names());
  }
}

function names() {
  document.getElementById("plot-boards")?.remove();
  return el("div", { class: "legend", id: "plot-boards", role: "group", "aria-label": "boards shown" }, nodes().map((node, index) => el("label", { class: "check" },
    el("input", { type: "checkbox", checked: !hidden.has(node), onchange: () => { if (!hidden.delete(node)) hidden.add(node); for (const plot of PLOTS) if (!plot.rate) made.get(plot.id).setSeries(index + 1, { show: !hidden.has(node) }); } }),
    el("i", { class: "dot", style: `--own: ${colour(node)}` }), `board ${node}`)));
}

function options(plot, width) {
  const axis = { stroke: style("--faint"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line") } };
  const series = plot.rate ? [{ label: plot.title, stroke: style("--accent"), width: 1.5 }]
    : nodes().map((node) => ({ label: `board ${node}`, stroke: colour(node), width: 1.5, show: !hidden.has(node), dash: node >= 9 ? [6, 3] : undefined, paths: plot.id === "heap" || plot.id === "run" ? undefined : library.paths.stepped({ align: 1 }) }));
  return {
    width, height: HEIGHT, legend: { show: false }, cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { range: (_, low, high) => range(plot, low, high) } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((tick) => `${tick} s`) }, { ...axis, size: 56 }],
    series: [{}, ...series],
    hooks: { drawAxes: [(drawn) => limits(drawn, plot)] },
  };
}

/** From 0, or from below the limits; never of no height. */
function range(plot, low, high) {
  const edges = bands(plot).flatMap((band) => [band.low, band.high]).filter((edge) => edge != null);
  return [Math.min(0, low ?? 0), Math.max(1, (high ?? 1) * 1.05, ...edges.filter((edge) => edge < (high ?? 0) * 1.5))];
}

function limits(drawn, plot) {
  const pen = drawn.ctx, { left, top, width, height } = drawn.bbox;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.setLineDash([6, 4]);
  for (const band of bands(plot)) {
    pen.strokeStyle = style(band.level === "critical" ? "--bad" : "--open");
    const at = drawn.valToPos(band.low ?? band.high, "y", true);
    pen.beginPath();
    pen.moveTo(left, at);
    pen.lineTo(left + width, at);
    pen.stroke();
  }
  pen.restore();
}

function resize() {
  for (const plot of made.values()) {
    const width = plot.root.parentNode.clientWidth;
    if (width && Math.abs(width - plot.width) > 1) plot.setSize({ width, height: HEIGHT });
  }
}
