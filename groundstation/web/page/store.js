// The page's copy of the console's tables, and the live line that keeps it up to date.

import { follow, forgetEvents } from "./history.js";

export const store = {
  hello: null, // who we are, and the words of the forms
  flight: { state: "connecting" },
  console: { people: [] }, // whose pages are open
  tables: {
    run: {}, scenario: {}, boards: {}, slots: {}, operations: {}, orders: {}, faults: {}, contacts: {}, light: {}, spans: {},
    series: {}, properties: {}, alarms: {}, limits: {}, procedure: {}, injects: {}, why: {}, clocks: {},
  },
  events: [], // the latest lines of the trace
  gaps: new Map(), // lines that we were not sent, by the offset of the event behind them (`history.js`)
  isConnected: false,
  wantsToken: false,
  closed: "", // why the line was closed
  tries: 0, // to open the line, that failed
  first: 0, // number of the first of `events`: each event keeps its number,
  refilled: 0, // except those before a gap that is filled: how often that was
};

const listeners = new Set();

/** Call `then` after each change. */
export function onChange(then) {
  listeners.add(then);
}

export function changed() {
  for (const then of listeners) then();
}

let again = 500;

/** Log in with a token. Returns the console's answer. */
export function logIn(token) {
  return post("/api/session", { token });
}

/** Whether the console wants a token. False if it does not answer: the live line says so. */
async function wantsToken() {
  try {
    return (await fetch("/api/session")).status === 401;
  } catch {
    return false;
  }
}

/** Call `then` when the page has been drawn. A page in the background is not drawn, and does not wait for that. */
function drawn(then) {
  if (document.hidden) return then();
  const both = () => {
    document.removeEventListener("visibilitychange", both);
    cancelAnimationFrame(frame);
    then();
  };
  const frame = requestAnimationFrame(both);
  document.addEventListener("visibilitychange", both);
}

/** Open the live line, and open it again whenever it is lost. */
export async function connect() {
  store.wantsToken = await wantsToken();
  if (store.wantsToken) return changed();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/api/live`);
  socket.onmessage = (message) => {
    const told = JSON.parse(message.data);
    if (told.type === "hello") take.hello(told);
    else if (told.type === "batch") {
      take.batch(told);
      drawn(() => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "ack", number: told.number }));
      });
    }
    changed();
  };
  socket.onclose = (event) => {
    store.isConnected = false;
    store.closed = event.reason;
    store.tries += 1;
    changed();
    setTimeout(connect, again);
    again = Math.min(again * 2, 8000);
  };
}

let isNew = true; // whether the next batch is the first of its line

const take = {
  hello(told) {
    store.hello = told;
    store.isConnected = true;
    store.closed = "";
    store.tries = 0;
    isNew = true;
    for (const name of Object.keys(store.tables)) store.tables[name] = {};
    again = 500;
  },
  batch(told) {
    const isOther = (store.flight.run && (told.flight.run !== store.flight.run || told.flight.sight !== store.flight.sight)) || (told.flight.replay?.epoch ?? 0) !== (store.flight.replay?.epoch ?? 0);
    store.flight = told.flight;
    store.flightAt = performance.now();
    store.console = told.console;
    for (const [name, rows] of Object.entries(told.tables)) {
      const table = (store.tables[name] ??= {});
      for (const [key, row] of Object.entries(rows)) {
        if (row === null) delete table[key];
        else table[key] = row;
      }
    }
    if (isOther) forgetEvents();
    follow(told, isNew);
    isNew = false;
  },
};

export function run() {
  return store.tables.run.run ?? { scenario: null, seed: null, waits_for: [], now: 0, lines: 0, frames: {}, byzantine: [] };
}

/** Ask the server for something. Returns its answer; `outcome` is "accepted" or "refused", with a `reason`. */
async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-AMU-Console": "1" },
      body: JSON.stringify(body),
    });
    return await answer.json();
  } catch (error) {
    return { outcome: "unknown", reason: `no answer from the console: ${error.message}` };
  }
}

export function order(body) {
  return post("/api/orders", { id: crypto.randomUUID?.() ?? String(Date.now()), order: body });
}

export function fly(action) {
  return post("/api/flight", { action });
}

/** Whether the run is not told whole to us: a crew sees what it can know, until the debrief. */
export function isHiding() {
  return store.flight.sight === "crew";
}

/** Go to another moment of a run that is over (`replay.js`). */
export function replay(what, to) {
  return post("/api/flight", { action: "replay", do: what, to });
}

/** Numbers of the boards: those that were heard of, or those that the scenario has. */
export function nodes() {
  const known = Object.keys(store.tables.boards).map(Number);
  return known.length ? known.sort((a, b) => a - b) : [...Array(store.tables.scenario.scenario?.boards ?? 0).keys()];
}

/** Mission seconds in a second of wall time. */
export function speed() {
  return store.tables.scenario.scenario?.speed ?? 1;
}

/** Why a board of this flight cannot play a fault; "" if it can, or if nobody knows. */
export function whyNot(node, fault) {
  const kind = store.hello?.vocabulary.kinds[store.flight.kinds?.[node]];
  const plays = store.flight.plays?.[node] ?? kind?.plays;
  if (!plays || plays.includes(fault)) return "";
  return kind?.why_not[fault] ?? "this board cannot play it";
}

/** Why no flight takes orders now; "" if one does. */
export function noFlight() {
  if (store.flight.state === "flying") return "";
  return store.flight.state === "ready" ? "The flight has not begun. Start it: press s." : "There is no flight that takes orders now.";
}

/** Whether our role allows it; the server asks again. */
export function may(what) {
  return store.hello?.may.includes(what) ?? false;
}
