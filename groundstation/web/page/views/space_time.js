// Space-time diagram: a row for each board and the ground, messages as arrows, steps as marks, over mission or Lamport time.
//
// It is drawn when something has changed, and only what is in the window; of very many messages a part.

import { Causes } from "../causes.js";
import { board as colour, forget, mark as markColour, message as messageColour, style } from "../colours.js";
import { el, empty, table, update, wide } from "../dom.js";
import { earlier } from "../history.js";
import { GROUND, fields, who } from "../messages.js";
import { speed, store } from "../store.js";

export const name = "space-time";
export const title = "Space-time";
export const keys = [
  ["← →", "earlier, later"], ["+ -", "zoom"], ["f", "follow the flight"], ["m", "mission time or Lamport time"], ["[ ]", "choose the event before, or the next one"], ["Home End", "begin, end"],
];
const ARROWS_MAX = 1200, MARKS_MAX = 2500, LETTERS_MAX = 250, ROWS_MAX = 100;
const TOP = 10, BOTTOM = 34, NEAR_PIXELS = 12;
let LEFT = 84, letter = 12; // pixels: of the names, and of a letter; more on a wall
const MARKS = new Set(["Propose", "Vote1", "Vote2", "Vote3", "Vote4", "Decide", "Learn", "EnterView", "Wish", "Boot", "Restart", "Silent", "Rejoin", "Apply", "Adopt", "BoardKill", "PowerCut", "BoardCrash", "BoardStart", "BoardFault", "Order", "Telecommand", "Resume", "RunStart", "RunEnd"]);
const FIRST = { time: () => (store.flight.behaviour ? 24 : speed()), lamport: () => 60 }; // width of the window at first
const LETTERS = { Vote1: "1", Vote2: "2", Vote3: "3", Vote4: "4" };

const causes = new Causes();
let canvas, stage, told, key, detail, rows, axis = "time", from = 0, width = null, follows = true, chosen = null, chosenOffset = null, around = [new Set(), new Set()], isDue = false, size = [0, 0], seenRows = [], drag = null, watcher = null, lanes = [];

export function open(main) {
  canvas = el("canvas", { id: "diagram", role: "img", tabindex: "0", "aria-label": "space-time diagram; the table below has the same events", onwheel: wheel, onpointerdown: grab, onpointermove: pull, onpointerup: drop });
  stage = el("div", { class: "stage" }, canvas);
  told = el("p", { class: "said", "aria-live": "off" });
  key = el("div", { class: "legend" });
  detail = el("div", { class: "detail", "aria-live": "polite" });
  rows = el("div", {});
  main.append(wide("Space-time diagram", el("div", { class: "tools" }), told, stage, key, detail, el("details", { ontoggle: schedule }, el("summary", {}, "The window as a table"), rows)));
  watcher = new ResizeObserver(([entry]) => { size = [entry.contentRect.width, entry.contentRect.height]; schedule(); });
  watcher.observe(stage);
  earlier();
}

export function close() {
  watcher.disconnect();
  canvas.width = canvas.height = 0; // its bitmap goes at once
}

export function restyle() {
  forget();
  schedule();
}

function legend() {
  const swatch = (text, look) => el("span", { class: "swatch" }, el("i", { style: `background: ${look}` }), text);
  update(key, ["proposal", "vote 1", "vote 2", "vote 3", "vote 4", "suggest", "proof", "view change", "other"].map((label) => swatch(label, messageColour(label))),
    [["Decide", "decide"], ["EnterView", "enter view"], ["Boot", "boot"], ["BoardKill", "death"]].map(([event, text]) => el("span", {}, el("span", { style: `color: ${markColour(event)}` }, "◆ "), text)));
}

function tools() {
  const button = (text, key, pressed, then) => el("button", { key: text, "aria-pressed": pressed == null ? null : String(pressed), onclick: then }, text, " ", el("kbd", {}, key));
  update(document.querySelector(".tools"), button("Follow", "f", follows, () => onKey("f")), button(axis === "time" ? "Mission time" : "Lamport time", "m", null, () => onKey("m")),
    button("Closer", "+", null, () => onKey("+")), button("Farther", "-", null, () => onKey("-")));
}

const place = (item) => (axis === "time" ? item.at : item.lamport);

function ends() {
  const { items } = causes;
  if (!items.length) return [0, 1];
  if (axis === "time") return [items[0].at, items[items.length - 1].at];
  let low = Infinity, high = 0;
  for (const item of items) {
    if (item.lamport < low) low = item.lamport;
    if (item.lamport > high) high = item.lamport;
  }
  return [low, high];
}

// --- moving ---

export function onKey(key) {
  if (key === "ArrowLeft") pan(-0.2);
  else if (key === "ArrowRight") pan(0.2);
  else if (key === "+" || key === "=") zoom(0.6, 0.5);
  else if (key === "-") zoom(1 / 0.6, 0.5);
  else if (key === "f") follows = !follows;
  else if (key === "m") turn();
  else if (key === "Home") { follows = false; [from] = ends(); }
  else if (key === "End") follows = true;
  else if (key === "[" || key === "]") step(key === "]" ? 1 : -1);
  else if (key === "Escape" && chosen != null) choose(null);
  else return false;
  schedule();
  return true;
}

function turn() {
  axis = axis === "time" ? "lamport" : "time";
  width = FIRST[axis]();
  const item = causes.item(chosen);
  if (item && !follows) from = place(item) - width / 2;
  else follows = true;
}

function pan(share) {
  follows = false;
  from += share * width;
}

function zoom(by, at) {
  const fixed = from + at * width;
  const least = axis === "time" ? 0.002 : 2;
  width = Math.min(Math.max(width * by, least), axis === "time" ? 1e7 : 1e6);
  if (!follows) from = fixed - at * width;
}

function wheel(event) {
  event.preventDefault();
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / 800);
  else zoom(1.0015 ** event.deltaY, (event.offsetX - LEFT) / (size[0] - LEFT));
  schedule();
}

function grab(event) {
  canvas.setPointerCapture(event.pointerId);
  drag = { x: event.offsetX, from, moved: false };
}

function pull(event) {
  if (!drag) return;
  const moved = event.offsetX - drag.x;
  if (!drag.moved && Math.abs(moved) < 4) return;
  drag.moved = true;
  follows = false;
  from = drag.from - (moved / (size[0] - LEFT)) * width;
  schedule();
}

function drop(event) {
  if (drag && !drag.moved) choose(nearest(event.offsetX, event.offsetY));
  drag = null;
  schedule();
}

function nearest(x, y) {
  let best = null, least = NEAR_PIXELS ** 2;
  for (const [item, ix, iy] of seenRows) {
    const distance = (ix - x) ** 2 + (iy - y) ** 2;
    if (distance < least) [best, least] = [item, distance];
  }
  return best?.number ?? null;
}

function step(by) {
  follow(); // what is drawn may be older than what is there
  if (width == null) return latest(); // nothing has been drawn yet
  const shown = causes.items.filter((item) => MARKS.has(item.event) && place(item) >= from && place(item) <= from + width).sort((a, b) => place(a) - place(b) || a.node - b.node);
  if (!shown.length) return latest();
  const index = shown.findIndex((item) => item.number === chosen);
  follows = false;
  choose(shown[index < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(index + by, 0), shown.length - 1)].number);
}

/** Choose the latest step of all, where the window has none, and show it. */
function latest() {
  const item = causes.items.findLast((each) => MARKS.has(each.event));
  if (!item) return;
  width ??= FIRST.time();
  [follows, from] = [false, place(item) - width / 2];
  choose(item.number);
}

function choose(number) {
  chosen = number;
  chosenOffset = number == null ? null : causes.item(number).line.offset;
  drawDetail();
}

/** Take in what is new. What is chosen keeps its line of the trace. */
function follow() {
  if (causes.follow() && chosen != null) chosen = causes.numberAt(chosenOffset);
}

// --- drawing ---

export function draw() {
  follow();
  drawDetail();
  schedule();
}

function schedule() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    if (canvas.isConnected && size[0] > 0) paint();
  });
}

function paint() {
  width ??= FIRST.time();
  letter = 12 * (parseFloat(getComputedStyle(document.documentElement).fontSize) / 15);
  LEFT = 7 * letter;
  lanes = [...Object.keys(store.tables.boards).map(Number).sort((a, b) => a - b), GROUND];
  const high = Math.max(220, Math.min(60, 640 / lanes.length) * lanes.length + TOP + BOTTOM);
  stage.style.height = `${high}px`;
  const scale = devicePixelRatio || 1;
  const [wide] = size;
  if (canvas.width !== Math.round(wide * scale) || canvas.height !== Math.round(high * scale)) {
    canvas.width = Math.round(wide * scale);
    canvas.height = Math.round(high * scale);
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, wide, high);
  pen.font = `${letter}px ${style("--font") || "sans-serif"}`;
  const [, last] = ends();
  if (follows) from = last - width * 0.97;
  const x = (value) => LEFT + ((value - from) / width) * (wide - LEFT);
  const gap = (high - TOP - BOTTOM) / lanes.length;
  const y = new Map(lanes.map((node, index) => [node, TOP + gap * (index + 0.5)]));
  paintLanes(pen, wide, high, y, x);
  const shown = causes.items.filter((item) => y.has(item.node) && place(item) >= from && place(item) <= from + width);
  pen.save();
  pen.beginPath();
  pen.rect(LEFT - 6, 0, wide, high);
  pen.clip();
  paintGaps(pen, x, high);
  around = chosen == null ? [new Set(), new Set()] : causes.around(chosen);
  const messages = paintMessages(pen, shown, x, y);
  const marks = paintMarks(pen, shown, x, y);
  pen.restore();
  tools();
  legend();
  const missing = store.gaps.size ? "; lines are missing where it is shaded" : "";
  const begin = causes.items.length ? `; the page has events from ${causes.items[0].at.toFixed(1)} s on` : "";
  update(told, !causes.items.length ? "There is no event yet: the diagram begins with the flight." : `${shown.length} events in this window${messages.drawn < messages.all ? `, ${messages.drawn} of ${messages.all} messages drawn` : `, ${messages.all} ${messages.all === 1 ? "message" : "messages"}`}${marks}${begin}${missing}. Drag or use the arrow keys to move, the wheel or + and - to zoom; click an event for its past and future.`);
  if (rows.parentNode.open) drawTable(shown);
}

function paintLanes(pen, wide, high, y, x) {
  pen.textBaseline = "middle";
  pen.lineWidth = 1;
  for (const node of lanes) {
    pen.strokeStyle = style("--line");
    pen.beginPath();
    pen.moveTo(LEFT, y.get(node));
    pen.lineTo(wide, y.get(node));
    pen.stroke();
    pen.fillStyle = node === GROUND ? style("--faint") : colour(node);
    pen.fillRect(4, y.get(node) - 4, 8, 8);
    pen.fillStyle = style("--ink");
    pen.fillText(node === GROUND ? "ground" : `board ${node}`, 16, y.get(node));
  }
  const step = tick(width / Math.max(3, (wide - LEFT) / 110));
  pen.fillStyle = style("--faint");
  pen.strokeStyle = style("--line");
  pen.textAlign = "center";
  for (let at = Math.ceil(from / step) * step; at <= from + width; at += step) {
    const place = x(at);
    if (place < LEFT + 20) continue;
    pen.beginPath();
    pen.moveTo(place, TOP);
    pen.lineTo(place, high - BOTTOM + 4);
    pen.stroke();
    pen.fillText(axis === "time" && !store.flight.behaviour ? `${Number(at.toFixed(4))} s` : String(Number(at.toFixed(4))), place, high - BOTTOM + 16);
  }
  pen.textAlign = "left";
  pen.fillText(store.flight.behaviour ? "state" : axis === "time" ? "mission" : "Lamport", 4, high - BOTTOM + 16);
}

/** Where lines of the trace have not come to this page. */
function paintGaps(pen, x, high) {
  pen.textBaseline = "middle";
  for (const offset of store.gaps.keys()) {
    const behind = causes.item(causes.numberAt(offset)), before = causes.item(behind?.number - 1);
    if (!before) continue;
    const [x0, x1] = [x(place(before)), Math.max(x(place(before)) + 2, x(place(behind)))];
    pen.globalAlpha = 0.2;
    pen.fillStyle = style("--open");
    pen.fillRect(x0, 0, x1 - x0, high - BOTTOM);
    pen.globalAlpha = 1;
    if (x1 - x0 > 12 * letter) pen.fillText("lines are missing", x0 + 6, letter);
  }
}

function tick(least) {
  const base = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((each) => each * base >= least) * base;
  return axis === "time" ? step : Math.max(1, step);
}

function paintMessages(pen, shown, x, y) {
  const receipts = shown.filter((item) => item.cause != null && causes.item(item.cause) && y.has(causes.item(item.cause).node));
  const every = Math.ceil(receipts.length / ARROWS_MAX);
  const paths = new Map();
  let drawn = 0;
  for (const item of receipts) {
    const isLit = chosen != null && isNear(item.number) && isNear(item.cause);
    if (!isLit && item.number % every !== 0) continue;
    drawn += 1;
    const key = chosen == null ? item.label : isLit ? `lit/${item.label}` : "faint";
    if (!paths.has(key)) paths.set(key, new Path2D());
    const cause = causes.item(item.cause), x0 = x(place(cause)), x1 = Math.max(x(place(item)), x0), y0 = y.get(cause.node), y1 = y.get(item.node);
    const path = paths.get(key);
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
    if (receipts.length <= 400) head(path, x0, y0, x1, y1);
  }
  for (const [key, path] of paths) {
    const isFaint = key === "faint";
    pen.strokeStyle = isFaint ? style("--line") : messageColour(key.replace("lit/", ""));
    pen.lineWidth = key.startsWith("lit/") ? 1.8 : 1;
    pen.globalAlpha = isFaint || key.startsWith("lit/") || receipts.length < 200 ? 1 : 0.6;
    pen.stroke(path);
  }
  pen.globalAlpha = 1;
  return { all: receipts.length, drawn };
}

function head(path, x0, y0, x1, y1) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  for (const turn of [2.7, -2.7]) {
    path.moveTo(x1, y1);
    path.lineTo(x1 + 6 * Math.cos(angle + turn), y1 + 6 * Math.sin(angle + turn));
  }
}

function isNear(number) {
  return number === chosen || around[0].has(number) || around[1].has(number);
}

function paintMarks(pen, shown, x, y) {
  const marks = shown.filter((item) => MARKS.has(item.event));
  const every = Math.ceil(marks.length / MARKS_MAX);
  const hasLetters = marks.length <= LETTERS_MAX;
  seenRows = [];
  pen.textAlign = "center";
  for (const item of marks) {
    if (item.number % every !== 0 && item.number !== chosen) continue;
    const at = x(place(item)), row = y.get(item.node);
    seenRows.push([item, at, row]);
    pen.globalAlpha = chosen == null || isNear(item.number) ? 1 : 0.25;
    const digit = LETTERS[item.event];
    pen.fillStyle = digit ? messageColour(`vote ${digit}`) : markColour(item.event);
    if (digit && hasLetters) {
      pen.fillRect(at - 5, row - 7, 10, 14);
      pen.fillStyle = style("--card");
      pen.fillText(digit, at, row + 0.5);
    } else if (digit || item.event === "Apply") pen.fillRect(at - 1.5, row - 4, 3, 8);
    else diamond(pen, at, row, item.event === "Decide" || item.event === "Learn" ? 6 : 5);
  }
  pen.globalAlpha = 1;
  pen.textAlign = "left";
  const item = causes.item(chosen);
  if (item && y.has(item.node)) {
    pen.strokeStyle = style("--accent");
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(x(place(item)), y.get(item.node), 10, 0, 7);
    pen.stroke();
  }
  return every > 1 ? `, every ${every}th step` : "";
}

function diamond(pen, x, y, r) {
  pen.beginPath();
  pen.moveTo(x, y - r);
  pen.lineTo(x + r, y);
  pen.lineTo(x, y + r);
  pen.lineTo(x - r, y);
  pen.fill();
}

// --- words ---

function drawDetail() {
  const item = causes.item(chosen);
  if (!item) {
    chosen = null;
    update(detail);
    return;
  }
  const line = item.line;
  const [past, future] = causes.around(chosen);
  update(detail, el("h3", {}, `${who(item.node)}: ${item.event}`),
    el("p", { class: "said" }, `at ${item.at.toFixed(3)} s, Lamport time ${item.lamport}. It depends on ${past.size} events that the page has; ${future.size} depend on it.`),
    el("table", { class: "narrow" }, el("tbody", {}, Object.entries(line).map(([key, value]) => el("tr", {}, el("th", { scope: "row" }, key), el("td", { class: "text" }, typeof value === "object" ? JSON.stringify(value) : value))))));
}

function drawTable(shown) {
  const some = shown.slice(-ROWS_MAX);
  update(rows, some.length < shown.length ? el("p", { class: "said" }, `The last ${ROWS_MAX} of ${shown.length} events.`) : null, some.length
    ? table(["mission time", "Lamport", "who", "event", "fields", ""], some.map((item) => [`${item.at.toFixed(3)} s`, item.lamport, who(item.node), item.event,
      el("td", { class: "text" }, item.event === "Send" ? `${item.label} to ${item.to}, slot ${item.slot}` : fields(item.line)),
      el("button", { onclick: () => { follows = false; choose(item.number); schedule(); }, "aria-label": `choose ${item.event} of ${who(item.node)}` }, "choose")]), {}, (index) => `event-${some[index].number}`)
    : empty("No event in this window."));
}
