// Timeline: passes, faults of links, and lives and faults of boards as bars over mission time.

import { board as colour, style } from "../colours.js";
import { el, empty, seconds, table, update, wide } from "../dom.js";
import { run, store } from "../store.js";

export const name = "timeline";
export const title = "Timeline";
export const keys = [["← →", "earlier, later"], ["+ -", "zoom"], ["f", "the whole mission"]];
const LANE = 24, LEFT = 190, BOTTOM = 30, NAME_CHARACTERS = 26, SPANS_SHOWN = 1500;
const SVG = "http://www.w3.org/2000/svg";
const KINDS = { off: "--bad", silent: "--open", boot: "--good" };

let host, said, list, from = 0, width = null, drawn = ""; // width: null: the whole mission

export function open(main) {
  said = el("p", { class: "said" });
  host = el("div", {});
  list = el("div", {});
  main.append(wide("Timeline", said, host, legend()), wide("What happened to boards", list));
  drawn = "";
}

export function restyle() {
  drawn = "";
}

function legend() {
  const swatch = (text, look) => el("span", { class: "swatch" }, el("i", { style: `background: var(${look})` }), text);
  return el("div", { class: "legend" }, swatch("in contact (AOS to LOS)", "--accent"), swatch("fault of links, planned", "--open"), swatch("fault of links, ordered", "--bad"), swatch("board off", "--bad"), swatch("silent, or its own fault", "--open"), swatch("boot", "--good"));
}

export function onKey(key) {
  const whole = wholeWidth();
  if (key === "f") [from, width] = [0, null];
  else if (key === "+" || key === "=") zoom(0.5);
  else if (key === "-") zoom(2);
  else if (key === "ArrowLeft" || key === "ArrowRight") {
    width ??= whole;
    from = Math.max(0, from + (key === "ArrowRight" ? 0.2 : -0.2) * width);
  } else return false;
  drawn = "";
  draw();
  return true;
}

function zoom(by) {
  const { now } = run();
  width = Math.max(1, (width ?? wholeWidth()) * by);
  if (width >= wholeWidth()) [from, width] = [0, null];
  else from = Math.max(0, Math.min(from, now - width / 2) || now - width * 0.75);
}

function wholeWidth() {
  const { now } = run();
  const ends = Object.values(store.tables.faults).map((fault) => fault.end ?? 0).filter((end) => end < 10 * Math.max(now, 60));
  const planned = now > 0 ? 0 : store.tables.scenario.scenario?.limit_seconds ?? 0;
  return Math.max(10, planned, now * 1.08, ...ends);
}

function lanes() {
  const faults = Object.values(store.tables.faults).filter((fault) => !(fault.name in store.tables.contacts)).sort((a, b) => a.start - b.start || (a.name < b.name ? -1 : 1));
  return [
    ...Object.values(store.tables.contacts).sort((a, b) => (a.name < b.name ? -1 : 1)).map((row) => ({ name: row.name, says: `${row.links}: in contact`, look: "--accent", bars: row.passes.map(([aos, los]) => [aos, los, `in contact from ${seconds(aos)} to ${seconds(los)}`]) })),
    ...faults.map((fault) => ({ name: fault.name, says: fault.means, look: fault.ordered ? "--bad" : "--open", bars: [[fault.start, fault.end, `${fault.fault}, ${fault.about}, from ${seconds(fault.start)} ${fault.end == null ? "on" : `to ${seconds(fault.end)}`}${fault.ordered ? `, ordered by ${fault.sender}` : ""}`]] })),
  ];
}

export function draw() {
  const boards = Object.keys(store.tables.boards).map(Number).sort((a, b) => a - b);
  const links = lanes();
  const { now } = run();
  const room = Math.max(320, host.clientWidth || 900);
  const whole = width ?? wholeWidth();
  const key = JSON.stringify([now.toFixed(1), from, whole.toFixed(1), room, links.length, boards.length, Object.keys(store.tables.spans).length]);
  if (key === drawn) return;
  drawn = key;
  const spans = Object.values(store.tables.spans);
  update(said, `${links.length} ${links.length === 1 ? "lane" : "lanes"} of passes and faults of links, ${boards.length} of boards. The line is now, ${seconds(now)}. ${store.tables.scenario.scenario ? "" : "The scenario is not known: planned faults and passes are not shown. "}Hold the pointer over a bar to read it; the table has the boards' part.`);
  if (!boards.length && !links.length) update(host, empty("Nothing is planned, and no board has been heard of yet."));
  else host.replaceChildren(picture(links, boards, spans, now, whole, room));
  drawList(spans);
}

function picture(links, boards, spans, now, whole, room) {
  const high = (links.length + boards.length) * LANE + BOTTOM;
  const x = (at) => LEFT + (Math.min(Math.max(at - from, -whole), 2 * whole) / whole) * (room - LEFT - 10);
  const found = [clip(room, high)];
  grid(found, x, whole, high, room);
  links.forEach((lane, index) => {
    label(found, index, lane.name, style("--ink"), lane.says);
    for (const [since, until, says] of lane.bars) bar(found, x(since), x(until ?? from + 2 * whole), index, 6, style(lane.look), says);
  });
  const row = new Map(boards.map((node, index) => [node, links.length + index]));
  for (const node of boards) {
    label(found, row.get(node), `board ${node}`, style("--ink"), `board ${node}`);
    line(found, LEFT, room, row.get(node) * LANE + LANE / 2, colour(node));
  }
  for (const span of spans.slice(-SPANS_SHOWN)) {
    const until = span.until ?? now;
    if (!row.has(span.board) || until < from || span.since > from + whole) continue;
    const words = `board ${span.board}: ${span.kind.replaceAll("_", " ")}${span.why ? `, ${span.why}` : ""}, at ${seconds(span.since)}${until > span.since ? ` for ${seconds(until - span.since)}` : ""}`;
    const look = style(KINDS[span.kind] ?? "--open");
    if (until > span.since) bar(found, x(span.since), x(until), row.get(span.board), 5, look, words);
    else mark(found, x(span.since), row.get(span.board), look, words);
  }
  const at = x(now);
  found.push(svg("line", { x1: at, x2: at, y1: 0, y2: high - BOTTOM + 4, stroke: style("--ink"), "stroke-width": 1.5, "stroke-dasharray": "4 3" }));
  return svg("svg", { class: "lanes", width: room, height: high, role: "img", "aria-label": "timeline; the table below has the boards' part" }, found);
}

function svg(name, attributes, children = []) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function titled(node, words) {
  node.append(svg("title", {}, [words]));
  return node;
}

function clip(room, high) {
  return svg("clipPath", { id: "lanes-clip" }, [svg("rect", { x: LEFT - 7, y: 0, width: room - LEFT + 7, height: high })]);
}

function label(found, row, text, fill, says) {
  const short = text.length > NAME_CHARACTERS ? `${text.slice(0, NAME_CHARACTERS - 1)}…` : text;
  found.push(titled(svg("text", { x: 2, y: row * LANE + LANE / 2 + 4, fill, "font-size": 13 }, [short]), says));
}

function line(found, x1, x2, y, stroke) {
  found.push(svg("line", { x1, x2, y1: y, y2: y, stroke, "stroke-width": 1.2 }));
}

function bar(found, x1, x2, row, inset, fill, words) {
  found.push(titled(svg("rect", { x: x1, y: row * LANE + inset, width: Math.max(2, x2 - x1), height: LANE - 2 * inset, fill, rx: 2, "clip-path": "url(#lanes-clip)", opacity: 0.8 }), words));
}

function mark(found, x, row, fill, words) {
  const y = row * LANE + LANE / 2;
  found.push(titled(svg("path", { d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z`, fill, "clip-path": "url(#lanes-clip)" }), words));
}

function grid(found, x, whole, high, room) {
  const least = whole / Math.max(2, (room - LEFT) / 110);
  const base = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((each) => each * base >= least) * base;
  for (let at = Math.ceil(from / step) * step; at <= from + whole; at += step) {
    found.push(svg("line", { x1: x(at), x2: x(at), y1: 0, y2: high - BOTTOM + 4, stroke: style("--line") }));
    found.push(svg("text", { x: x(at), y: high - 10, fill: style("--faint"), "font-size": 12, "text-anchor": "middle" }, [`${Number(at.toFixed(3))} s`]));
  }
}

function drawList(spans) {
  const rows = Object.entries(store.tables.spans).slice(-60).reverse();
  update(list, rows.length ? table(["board", "what", "since", "until", "why"], rows.map(([, row]) => [`board ${row.board}`, row.kind.replaceAll("_", " "), seconds(row.since),
    row.until == null ? "it lasts" : row.until === row.since ? "-" : seconds(row.until), el("td", { class: "text" }, row.why || "-")]), {}, (index) => `span-${rows[index][0]}`)
    : empty("Nothing has happened to a board yet."));
}
