// The frame of the page: bar, tabs, keys, and one view at a time.

import { el } from "./dom.js";
import { askForToken } from "./login.js";
import { connect, fly, onChange, order, run, store } from "./store.js";
import * as overview from "./views/overview.js";
import * as slots from "./views/slots.js";
import * as commands from "./views/commands.js";
import * as faults from "./views/faults.js";
import * as alarms from "./views/alarms.js";
import * as properties from "./views/properties.js";
import * as events from "./views/events.js";

const VIEWS = [overview, slots, commands, faults, alarms, properties, events];
const STATES = {
  connecting: ["connecting", "open"], ready: ["ready to start", ""], starting: ["starting", "open"], flying: ["flying", "good"],
  checking: ["checking the trace", "open"], over: ["over", ""], lost: ["ground station lost", "bad"], stored: ["stored trace", ""], failed: ["cannot start", "bad"],
};
const $ = (id) => document.getElementById(id);
let view = overview;
let drawnAt = 0;

function show(next) {
  view = next;
  $("view").replaceChildren();
  view.open($("view"));
  for (const tab of $("tabs").children) tab.setAttribute("aria-selected", String(tab.dataset.name === view.name));
  draw();
}

function tabs() {
  $("tabs").replaceChildren(...VIEWS.map((each, index) =>
    el("button", { role: "tab", "data-name": each.name, "aria-selected": "false", "aria-keyshortcuts": String(index + 1), onclick: () => show(each) },
      `${index + 1} ${each.title}`)));
}

function notify(text) {
  $("notice").textContent = text;
  $("notice").hidden = text === "";
}

async function act(asked) {
  const answer = await asked;
  notify(answer.outcome === "accepted" ? "" : `${answer.outcome}: ${answer.reason}`);
}

const KEYS = [
  ["s", "start the flight, or resume it", () => act(fly(store.flight.state === "lost" ? "resume" : "start"))],
  ["x", "finish the mission", () => act(order({ kind: "finish" }))],
  ["a", "acknowledge the first alarm that calls", () => alarms.acknowledge(alarms.calling()[0])],
  ["t", "dark or light", () => theme()],
  ["?", "keys", () => help()],
];

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
}

function help() {
  const rows = [...VIEWS.map((each, index) => [String(index + 1), each.title]), ...KEYS.map(([key, says]) => [key, says]), ...(view.keys ?? [])];
  $("dialog").replaceChildren(el("h2", {}, "Keys"),
    el("table", {}, rows.map(([key, says]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", {}, says)))),
    el("form", { method: "dialog" }, el("button", { class: "first" }, "Close")));
  $("dialog").showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
  const number = Number(event.key);
  const key = KEYS.find(([name]) => name === event.key);
  if (number >= 1 && number <= VIEWS.length) show(VIEWS[number - 1]);
  else if (key) key[2]();
  else if (!view.onKey?.(event.key)) return;
  event.preventDefault();
});

function bar() {
  askForToken($("dialog"));
  const [words, style] = store.isConnected ? (STATES[store.flight.state] ?? [store.flight.state, ""]) : ["not connected", "bad"];
  const verdict = store.flight.verdict?.verdict;
  $("title").textContent = run().scenario ? `${run().scenario}, seed ${run().seed}` : "amu console";
  $("flight-state").textContent = verdict ? `over: ${verdict}` : words;
  $("flight-state").className = `badge ${verdict === "pass" ? "good" : verdict ? "bad" : style}`;
  $("mission-time").textContent = `${run().now.toFixed(1)} s`;
  $("who").textContent = store.hello ? `${store.hello.name}, ${store.hello.role}` : "";
  const actions = [];
  if (store.flight.state === "ready") actions.push(el("button", { class: "first", onclick: KEYS[0][2] }, "Start (s)"));
  if (store.flight.state === "lost") actions.push(el("button", { class: "first", onclick: KEYS[0][2] }, "Resume (s)"));
  if (store.flight.state === "flying") actions.push(el("button", { onclick: KEYS[1][2] }, "Finish (x)"));
  const calls = alarms.calling();
  if (calls.length) actions.push(el("button", { class: "bad", onclick: () => show(alarms) }, `${calls.length} ${calls.length === 1 ? "alarm" : "alarms"} (a)`));
  if (store.flight.has_report) actions.push(el("a", { href: "/report", target: "_blank" }, "Report"));
  actions.push(el("button", { onclick: help }, "Keys (?)"));
  const key = JSON.stringify([store.flight.state, store.flight.has_report, calls.length]);
  if ($("actions").dataset.key !== key) {
    $("actions").dataset.key = key;
    $("actions").replaceChildren(...actions);
  }
  if (!store.isConnected && !store.wantsToken) notify(`The console does not answer${store.closed ? `: ${store.closed}` : ""}. What you see is old. Trying again.`);
  else if ($("notice").textContent.startsWith("The console does not answer")) notify("");
  if (store.flight.state === "failed") notify(store.flight.reason);
}

function draw() {
  drawnAt = performance.now();
  bar();
  view.draw();
}

let isDue = false;
onChange(() => { isDue = true; });
setInterval(() => { $("utc").textContent = new Date().toISOString().slice(11, 19); if (performance.now() - drawnAt > 900) isDue = true; }, 500);
(function loop() {
  if (isDue) { isDue = false; draw(); }
  requestAnimationFrame(loop);
})();

tabs();
show(overview);
connect();
export { act, notify };
