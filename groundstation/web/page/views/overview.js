// The swarm at a glance: a card for each board, and the mission's numbers.

import { board as colour } from "../colours.js";
import { bytes, el, empty, quantity, seconds, span, table, update, wide } from "../dom.js";
import { act } from "../main.js";
import { cutOff, lightTime } from "../reach.js";
import { isHiding, may, order, run, speed, store, whyNot } from "../store.js";
import { verdictStyle, verdictWords } from "../words.js";

export const name = "overview";
export const title = "Swarm";
export const keys = [
  [", .", "choose the board before, or the next one"], ["k", "kill the chosen board"], ["r", "restart it"], ["p", "pause it for 3 s"], ["b", "start it"],
];
const STALE_SECONDS = 3; // of wall time without a word from a board, or from the flight
const PAUSE_SECONDS = 3;
const ACTIONS = [["k", "Kill", "kill", {}, true], ["r", "Restart", "restart", {}, true], ["p", `Pause ${PAUSE_SECONDS} s`, "pause", { seconds: PAUSE_SECONDS }, true], ["b", "Start", "start", {}, false]];

let mission, boards, clocks, chosen = 0;

export function open(main) {
  mission = el("div", { class: "facts" });
  boards = el("div", { class: "boards" });
  clocks = wide("Clocks");
  clocks.classList.add("clocks-of-boards");
  main.append(wide("Mission", mission), wide("Boards", boards), clocks);
}

function strike(node, action, fields) {
  return act(order({ kind: "board", board: node, action, fields }));
}

/** Why the chosen action cannot be done on a board now; "" if it can. */
export function obstacle(row, action) {
  if (store.flight.state !== "flying") return "no flight";
  if (!may("board")) return "only the director may";
  if ((action === "start") === row.on) return row.on ? "it is on" : "it is off";
  return action === "start" ? "" : whyNot(row.node, action);
}

export function onKey(key) {
  const rows = sorted();
  if (key === "," || key === ".") {
    chosen = Math.min(Math.max(chosen + (key === "." ? 1 : -1), 0), Math.max(rows.length - 1, 0));
    draw();
    boards.children[chosen]?.scrollIntoView({ block: "nearest" });
    return true;
  }
  const found = ACTIONS.find(([each]) => each === key);
  if (!found || !rows[chosen]) return false;
  if (!obstacle(rows[chosen], found[2])) strike(rows[chosen].node, found[2], found[3]);
  return true;
}

function sorted() {
  return Object.values(store.tables.boards).sort((a, b) => a.node - b.node);
}

export function draw() {
  update(mission, facts().map(([label, value, style]) => el("div", { class: "fact" }, el("span", { class: "label" }, label), el("span", { class: style ?? "" }, value))));
  const rows = sorted();
  const cuts = cutOff();
  update(boards, rows.length ? rows.map((row, index) => board(row, index === chosen, cuts.get(row.node), rows.length)) : empty(nothing()));
  drawClocks();
}

function drawClocks() {
  const rows = Object.values(store.tables.clocks).sort((a, b) => a.node - b.node);
  clocks.hidden = !rows.length;
  const within = (pair) => (pair == null ? "not known" : `${seconds(pair[0], 3)} ± ${quantity((pair[1] * 1000).toFixed(1), "ms")}`);
  update(clocks, el("h2", {}, "Clocks of the boards"),
    el("p", { class: "said" }, "When each board was at its latest tick and at tick 0, in mission time, and how fast its ticks are: estimates from round trips of telecommands. Nothing depends on them."),
    table(["board", "life", "latest tick", "was at", "tick 0 at", "its ticks are", "what was odd"], rows.map((row) => [
      `board ${row.node}`, row.boot, row.ticks, within(row.now), row.words.offset, row.words.drift, el("td", { class: "text long" }, row.troubles.join("; ") || "-")]), {}, (index) => `clock-${rows[index].node}`));
}

function facts() {
  const state = run();
  const scenario = store.tables.scenario.scenario;
  const all = Object.values(store.tables.operations);
  const losses = lost();
  const found = [
    ["mission", scenario?.description ?? (store.flight.state === "stored" ? "a stored trace without its scenario" : "-")],
    ["telecommands", `${all.filter((each) => each.state === "confirmed").length} of ${all.length} confirmed`],
    ["frames", state.frames.accepted ? `${state.frames.accepted} entered the ether${isHiding() ? "" : `, ${losses} were lost`}` : "none carried yet"],
  ];
  if (scenario) found.push(["tolerates", `${scenario.faulty_max} faulty ${scenario.faulty_max === 1 ? "board" : "boards"} of ${scenario.boards}; ${scenario.quorum} are a quorum`]);
  if (state.ended) found.push(["ended", [state.ended, ...state.waits_for].join("; "), state.ended === "complete" ? "good" : "open"]);
  const { people } = store.console;
  if (people.length > 1) found.push(["pages open", people.map(page).join("; "), people.some((each) => each.is_slow) ? "open" : ""]);
  const { unreadable = 0, foreign = 0 } = store.flight.trace ?? {};
  if (unreadable) found.push(["not shown", `${unreadable} ${unreadable === 1 ? "line" : "lines"} of the trace cannot be read as events; amu check names the first`, "open"]);
  if (foreign) found.push(["not understood", `${foreign} ${foreign === 1 ? "line is" : "lines are"} of another version`, "open"]);
  if (store.flight.verdict) found.push(["verdict", verdictWords(store.flight.verdict.verdict), verdictStyle(store.flight.verdict.verdict)]);
  return found;
}

function page({ name, role, is_slow }) {
  return `${name}, ${role}${is_slow ? ": does not keep up, gets less, and is closed if it does not answer" : ""}`;
}

function lost() {
  const samples = Object.values(store.tables.series);
  return samples.length ? samples[samples.length - 1].lost : 0;
}

function nothing() {
  return {
    ready: "The boards are not made yet. Start the flight: press s.",
    starting: "The boards are being made; that takes a few seconds.",
    failed: "The flight could not be started. The message above says why.",
  }[store.flight.state] ?? "No board has been heard of yet.";
}

function contact(peers, count) {
  if (!peers) return ["with all", ""];
  const names = [...new Set([...peers.values()].flatMap((each) => [...each]))].map((name) => `“${name}”`).join(", ");
  if (peers.size >= count - 1) return [`cut off by ${names}`, "bad"];
  return [`not with ${[...peers.keys()].sort((a, b) => a - b).join(", ")}: ${names}`, "open"];
}

function board(row, isChosen, peers, count) {
  const age = row.heard == null ? null : run().now - row.heard + (store.flight.silent_seconds ?? 0) * speed();
  const isLive = store.flight.state === "flying";
  const isStale = row.on && ((isLive && (age == null || age > STALE_SECONDS * speed())) || !store.isConnected);
  const [reach, style] = contact(peers, count);
  const light = lightTime(row.node);
  const state = row.byzantine ? ["Byzantine", "bad"] : !row.on ? ["off", "bad"] : isStale ? ["stale", "open"] : ["over", "stored"].includes(store.flight.state) ? ["on at the end", ""] : ["on", "good"];
  const lines = [
    ["mode", row.on ? row.mode : row.why_off],
    ["applied", `slot ${row.applied}`],
    ["view", row.view],
    ["life", row.boot],
    ["free heap", bytes(row.heap_free)],
    ["contact", row.on ? reach : "-", row.on ? style : ""],
    light ? ["light time", [...new Set(light.map(span))].join(" to ")] : null,
    ["last heard", age == null ? "never" : isLive ? (age < 1 ? "just now" : `${span(age)} ago`) : `at ${seconds(row.heard)}`],
  ].filter(Boolean);
  return el("article", { key: `board-${row.node}`, class: `board ${row.on ? (isStale ? "stale" : "") : "off"}`, "aria-label": `board ${row.node}`, "aria-current": isChosen ? "true" : null, style: `--own: ${colour(row.node)}` },
    el("h3", {}, el("span", {}, el("i", { class: "dot" }), `Board ${row.node}`), el("span", { class: state[1] }, state[0])),
    el("dl", {}, lines.map(([label, value, of]) => [el("dt", {}, label), el("dd", { class: of ?? "" }, value)])),
    el("div", { class: "row" }, ACTIONS.filter(([, , , , on]) => on === row.on).map(([, text, action, fields]) => {
      const why = obstacle(row, action);
      return el("button", { key: action, disabled: why !== "", title: why, onclick: () => strike(row.node, action, fields), "aria-label": `${text} board ${row.node}` }, text);
    })));
}
