// The frame of the page: bar, tabs, keys, and one view at a time.

import { about } from "./about.js";
import { forget } from "./colours.js";
import { el, seconds, update } from "./dom.js";
import { askForToken } from "./login.js";
import * as replay from "./replay.js";
import { changed, connect, fly, may, onChange, order, run, store } from "./store.js";
import { verdictStyle, verdictWords } from "./words.js";
import * as overview from "./views/overview.js";
import * as spaceTime from "./views/space_time.js";
import * as slots from "./views/slots.js";
import * as commands from "./views/commands.js";
import * as faults from "./views/faults.js";
import * as alarms from "./views/alarms.js";
import * as properties from "./views/properties.js";
import * as plots from "./views/plots.js";
import * as timeline from "./views/timeline.js";
import * as events from "./views/events.js";
import * as procedure from "./views/procedure.js";
import * as why from "./views/why.js";
import * as model from "./views/model.js";

const VIEWS = [overview, spaceTime, slots, commands, faults, alarms, properties, plots, timeline, events, procedure, why, model]; // keys 1 to 9, 0, then their own
const OF_BEHAVIOUR = [spaceTime, slots, properties, events, model]; // what has a meaning where nothing flies
const STATES = {
  connecting: ["connecting", "open"], ready: ["ready to start", ""], starting: ["starting", "open"], flying: ["flying", "good"],
  checking: ["checking the trace", "open"], over: ["over", ""], lost: ["ground station lost", "bad"], stored: ["stored trace", ""], failed: ["cannot start", "bad"],
};
const DRAW_MS = 240; // between two drawings: nobody reads faster, and each leaves elements to the garbage collector
const SLOW_MS = 900; // without a change: what depends on the time is drawn again
const $ = (id) => document.getElementById(id);
let view = null;
let drawnAt = 0;
let said = ""; // the last refusal

const keyOf = (index) => VIEWS[index].key ?? String((index + 1) % 10);

function show(next) {
  if (view === next) return;
  view?.close?.();
  view = next;
  $("view").replaceChildren();
  $("view").setAttribute("aria-labelledby", `tab-${view.name}`);
  view.open($("view"));
  for (const tab of $("tabs").children) tab.setAttribute("aria-selected", String(tab.dataset.name === view.name));
  history.replaceState(null, "", `#${view.name}`);
  draw();
}

/** Whether a view has a meaning for what is shown. */
function isThere(each) {
  return store.flight.behaviour ? OF_BEHAVIOUR.includes(each) : each !== model;
}

let tabsFor = null;

function tabs() {
  if (tabsFor === Boolean(store.flight.behaviour)) return;
  tabsFor = Boolean(store.flight.behaviour);
  $("tabs").replaceChildren(...VIEWS.map((each, index) => isThere(each) &&
    el("button", { role: "tab", id: `tab-${each.name}`, "data-name": each.name, "aria-selected": "false", "aria-controls": "view", "aria-keyshortcuts": keyOf(index), onclick: () => show(each) },
      el("kbd", { "aria-hidden": "true" }, keyOf(index)), ` ${each.title}`)).filter(Boolean));
  if (view && !isThere(view)) show(model);
  else for (const tab of $("tabs").children) tab.setAttribute("aria-selected", String(tab.dataset.name === view?.name));
}

function notify(text) {
  said = text;
  changed();
}

/** Wait for an answer, and show a refusal. Returns the answer. */
async function act(asked) {
  const answer = await asked;
  notify(answer.outcome === "accepted" ? "" : `${answer.outcome}: ${answer.reason}`);
  return answer;
}

const KEYS = [
  ["s", "start the flight, or resume it", () => act(fly(store.flight.state === "lost" ? "resume" : "start"))],
  ["x", "finish the mission", () => act(order({ kind: "finish" }))],
  ["a", "acknowledge the first alarm that calls", () => alarms.acknowledge(alarms.calling()[0])],
  ["o", "open the report", () => { if (store.flight.has_report) window.open("/report", "_blank"); }],
  ["t", "dark or light", () => theme()],
  ["w", "large type, for a wall", () => wall()],
  ["?", "keys", () => help()],
  ["Escape", "leave a field, hide a message", () => notify("")],
];

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  forget();
  view.restyle?.();
  draw();
}

function wall() {
  document.documentElement.classList.toggle("wall");
  view.restyle?.();
}

function help() {
  const rows = (keys) => keys.map(([key, says]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", { class: "text" }, says)));
  const part = (words) => el("tr", {}, el("th", { colspan: "2", scope: "colgroup" }, words));
  const own = view.keys ?? [];
  update($("dialog"), el("h2", {}, "Keys"),
    el("div", { class: "columns" },
      el("table", {}, el("tbody", {}, rows(VIEWS.flatMap((each, index) => (isThere(each) ? [[keyOf(index), each.title]] : []))))),
      el("table", {}, el("tbody", {}, rows(KEYS), store.flight.replay ? [part("in a replay"), rows(replay.keys)] : null, own.length ? part(`in ${view.title}`) : null, rows(own)))),
    el("form", { method: "dialog" }, el("p", {}, el("button", { class: "first" }, "Close"))));
  $("dialog").showModal();
}

const SLIDING = /^(Arrow|Page|Home|End|Escape)/; // keys of a slider

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
  const field = event.target.closest("input, select, textarea");
  if (field && (field.type !== "range" || SLIDING.test(event.key))) {
    if (event.key === "Escape") $("view").focus();
    return;
  }
  if (["Enter", " "].includes(event.key) && event.target.closest("button, a, summary")) return; // it is pressed itself
  const place = VIEWS.findIndex((each, index) => keyOf(index) === event.key && isThere(each));
  const key = KEYS.find(([name]) => name === event.key);
  if (place >= 0) show(VIEWS[place]);
  else if (replay.onKey(event)) { /* done */ }
  else if (view.onKey?.(event.key, event)) { /* done */ }
  else if (key) key[2]();
  else return;
  event.preventDefault();
});

function actions() {
  const state = store.isConnected ? store.flight.state : "";
  const calls = alarms.calling();
  return [
    state === "ready" ? el("button", { class: "first", key: "start", onclick: KEYS[0][2] }, "Start ", el("kbd", {}, "s")) : null,
    state === "lost" ? el("button", { class: "first", key: "resume", onclick: KEYS[0][2] }, "Resume ", el("kbd", {}, "s")) : null,
    state === "flying" ? el("button", { key: "finish", onclick: KEYS[1][2] }, "Finish ", el("kbd", {}, "x")) : null,
    calls.length ? el("button", { class: "bad", key: "alarms", onclick: () => show(alarms) }, `${calls.length} ${calls.length === 1 ? "alarm" : "alarms"} `, el("kbd", {}, "a")) : null,
    store.flight.has_report ? el("a", { href: "/report", target: "_blank", key: "report", class: "button" }, "Report ", el("kbd", {}, "o")) : null,
    el("button", { key: "help", onclick: help }, "Keys ", el("kbd", {}, "?")),
  ];
}

function bar() {
  askForToken($("dialog"));
  const [words, style] = store.isConnected ? (STATES[store.flight.state] ?? [store.flight.state, ""]) : store.wantsToken ? ["not logged in", "open"] : ["not connected", "bad"];
  const verdict = store.isConnected ? store.flight.verdict?.verdict : null;
  const name = store.flight.behaviour?.file ?? run().scenario ?? store.tables.scenario?.scenario?.name;
  update($("title"), store.flight.behaviour ? name : name ? `${name}${run().seed == null ? "" : `, seed ${run().seed}`}` : "amu console");
  document.title = `${verdict ?? words} - ${name ?? "amu console"}`;
  const isReplay = store.isConnected && store.flight.replay?.is_at_end === false;
  update($("flight-state"), isReplay ? "replay" : verdict ? `over: ${verdictWords(verdict)}` : words);
  $("flight-state").className = `badge ${isReplay ? "open" : verdict ? verdictStyle(verdict) : style}`;
  update($("mission-time"), store.flight.behaviour ? "-" : `${seconds(run().now)}${asOf()}`);
  update($("who"), store.hello ? `${store.hello.name}, ${store.hello.role}${others()}` : "");
  update($("actions"), actions());
  replay.draw($("replay"));
  say("about", about());
  document.body.classList.toggle("lost", store.hello != null && (!store.isConnected || Boolean(store.flight.failure)));
  say("notice", lostWords() || (store.flight.state === "failed" ? store.flight.reason : "") || said || diedWords());
  say("reading", reading());
}

/** Show a text in its place; hide the place if there is none. */
function say(id, text) {
  update($(id), text);
  $(id).hidden = text === "";
}

/** How old the farthest board's latest word must be: what it says now is still on its way. */
function asOf() {
  const { horizon } = store.flight;
  return horizon ? `, boards as of ${Math.max(0, run().now - Math.max(...horizon.seconds)).toFixed(1)} s` : "";
}

/** How much of a long trace has been read, while only its end is shown. */
function reading() {
  const { trace } = store.flight;
  if (!store.isConnected || !trace?.is_partial) return "";
  const share = Math.floor((100 * trace.read) / Math.max(1, trace.size));
  return `This is the end of a long trace, as far as its last lines tell. The whole of it is being read: ${share} % of ${(trace.size / 1e6).toFixed(0)} MB; then all views have all of it.`;
}

/** How many other pages are open, and how many of all do not keep up. */
function others() {
  const { people } = store.console;
  const slow = people.filter((each) => each.is_slow).length;
  return people.length < 2 ? "" : ` · ${people.length} pages${slow ? `, ${slow} slow` : ""}`;
}

function diedWords() {
  if (!store.isConnected || store.flight.state !== "lost") return "";
  return `This run has no verdict: its ground station has died. ${may("resume") ? "Resume (s) continues it" : "An operator can resume it"} with all that is on record.`;
}

function lostWords() {
  if (store.isConnected && store.flight.failure) return `The console has stopped following the trace (${store.flight.failure}). What you see is old. The flight goes on: start the console again with its run.`;
  if (store.isConnected || store.tries === 0 || store.wantsToken) return "";
  return `The console does not answer${store.closed ? `: ${store.closed}` : ""}. What you see is old. Trying again.`;
}

function draw() {
  drawnAt = performance.now();
  tabs();
  bar();
  view.draw();
}

function utc() {
  update($("utc"), new Date().toISOString().slice(11, 19));
}

let isDue = false;
onChange(() => { isDue = true; });
setInterval(() => { utc(); if (performance.now() - drawnAt > SLOW_MS) isDue = true; }, 500);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { forget(); view.restyle?.(); isDue = true; });
(function loop() {
  if (isDue && performance.now() - drawnAt > DRAW_MS) { isDue = false; draw(); }
  requestAnimationFrame(loop);
})();

tabs();
utc();
show(VIEWS.find((each) => `#${each.name}` === location.hash && isThere(each)) ?? overview);
connect();
export { act, notify };
