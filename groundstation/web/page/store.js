// The page's copy of the console's tables, and the live line that keeps it up to date.

const EVENTS_KEPT = 20000;
const SPARE = 2000; // more, before the oldest go

export const store = {
  hello: null, // who we are, and the words of the forms
  flight: { state: "connecting" },
  tables: {
    run: {}, scenario: {}, boards: {}, slots: {}, operations: {}, orders: {}, faults: {}, contacts: {}, light: {}, spans: {},
    series: {}, properties: {}, alarms: {}, limits: {}, procedure: {}, injects: {},
  },
  events: [], // the latest lines of the trace
  gaps: [], // [first, last] lines that we were not sent
  isConnected: false,
  wantsToken: false,
  closed: "", // why the line was closed
  tries: 0, // to open the line, that failed
  first: 0, // number of the first of `events`: each event keeps its number
};

const listeners = new Set();

/** Call `then` after each change. */
export function onChange(then) {
  listeners.add(then);
}

export function changed() {
  for (const then of listeners) then();
}

const GAPS_KEPT = 1000;
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

function forgetEvents() {
  store.first += store.events.length;
  store.events = [];
  store.gaps = [];
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
      requestAnimationFrame(() => {
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

const take = {
  hello(told) {
    store.hello = told;
    store.isConnected = true;
    store.closed = "";
    store.tries = 0;
    forgetEvents();
    for (const name of Object.keys(store.tables)) store.tables[name] = {};
    again = 500;
  },
  batch(told) {
    if (told.flight.run !== store.flight.run && store.flight.run) forgetEvents();
    store.flight = told.flight;
    store.flightAt = performance.now();
    if (told.gap) store.gaps.push(told.gap);
    for (const [name, rows] of Object.entries(told.tables)) {
      const table = (store.tables[name] ??= {});
      for (const [key, row] of Object.entries(rows)) {
        if (row === null) delete table[key];
        else table[key] = row;
      }
    }
    store.events.push(...told.events);
    if (store.events.length > EVENTS_KEPT + SPARE) {
      store.first += store.events.length - EVENTS_KEPT;
      store.events.splice(0, store.events.length - EVENTS_KEPT);
    }
    if (store.gaps.length > GAPS_KEPT) store.gaps.shift();
  },
};

const EARLIER_EVENTS = 4000; // to have at least, when a view wants the past
const EARLIER_BYTES = 600_000;
let isAsking = false;

/** Ask for events before those that we have. */
export async function earlier() {
  const before = store.events[0]?.offset;
  if (isAsking || !before || store.events.length >= EARLIER_EVENTS) return;
  isAsking = true;
  try {
    const found = [];
    let first = Math.max(0, before - EARLIER_BYTES);
    while (first < before) {
      const answer = await (await fetch(`/api/events?first=${first}&last=${before}`)).json();
      const lines = (answer.events ?? []).filter((line) => line.offset >= first && line.offset < before);
      if (!lines.length) break;
      found.push(...lines);
      first = lines[lines.length - 1].offset + 1;
    }
    if (store.events[0]?.offset === before) {
      store.events.unshift(...found);
      store.first -= found.length;
      changed();
    }
  } catch {
    return; // the view has what it has
  } finally {
    isAsking = false;
  }
}

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

/** Whether our role allows it; the server asks again. */
export function may(what) {
  const roles = ["observer", "operator", "director"];
  const least = ["board", "fault", "end-fault", "inject"].includes(what) ? "director" : "operator";
  return store.hello != null && roles.indexOf(store.hello.role) >= roles.indexOf(least);
}
