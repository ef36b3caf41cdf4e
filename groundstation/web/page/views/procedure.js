// Procedure: the crew's checklist, step by step; notes; and the director's injects.

import { el, empty, seconds, table, update, wide } from "../dom.js";
import { act } from "../main.js";
import { may, noFlight, order, run, store } from "../store.js";
import { orderWords } from "../words.js";

export const name = "procedure";
export const title = "Procedure";
export const key = "c";
export const keys = [
  ["Enter", "let the step that is held begin"], ["g n", "go, no-go"], ["p", "pause, continue"], ["r", "retry"], ["k", "skip"], ["i", "write a note"],
];
const WORDS = {
  held: "hold", polling: "poll", ordered: "ordering", expecting: "waiting for", delaying: "delay", done: "done", skipped: "skipped", failed: "failed",
};
const STYLES = { done: "good", skipped: "open", failed: "bad" };
const SHOWN = 60; // entries of the record

let steps, said, injects, injectsCard, record, note, toCrew;

export function open(main) {
  steps = el("div", {});
  said = el("p", { class: "said" });
  injects = el("div", {});
  record = el("div", {});
  toCrew = el("label", { hidden: true }, el("input", { type: "checkbox" }), " the crew sees it now");
  note = el("input", { id: "note", maxlength: "500", required: true, placeholder: "what you saw, or decided" });
  injectsCard = wide("Injects", el("p", { class: "said" }, "The director plays them. The crew sees nothing of them before the debrief."), injects);
  main.append(
    wide("Procedure", steps, said), injectsCard,
    wide("Record", el("form", { class: "tools", onsubmit: sendNote }, el("label", { for: "note" }, "note"), note, toCrew, el("button", {}, "Write ", el("kbd", {}, "i"))), record),
  );
}

function sendNote(event) {
  event.preventDefault();
  act(order({ kind: "note", text: note.value, to_crew: !toCrew.hidden && toCrew.firstChild.checked })).then((answer) => { if (answer.outcome === "accepted") note.value = ""; });
}

function all() {
  return Object.values(store.tables.procedure).sort((a, b) => a.number - b.number);
}

/** The step that the procedure is at. */
function current() {
  return all().find((step) => !["done", "skipped"].includes(step.status));
}

function say(action) {
  const step = current();
  if (step) act(order({ kind: "procedure", action, step: step.name }));
}

function answer(word, role = null) {
  const step = current();
  if (step) act(order({ kind: "poll", step: step.name, answer: word, role }));
}

export function onKey(pressed) {
  const step = current();
  const does = {
    Enter: () => say("step"), g: () => answer("go", ours(step)), n: () => answer("no-go", ours(step)), r: () => say("retry"), k: () => say("skip"),
    p: () => say(step?.paused == null ? "pause" : "continue"), i: () => note.focus(),
  }[pressed];
  does?.();
  return does !== undefined;
}

/** The role for which we answer: our own, or, for the director, the first that has not answered. */
function ours(step) {
  if (store.hello?.role !== "director") return null;
  return step?.poll.find((role) => step.answers[role]?.[0] !== "go") ?? null;
}

export function draw() {
  const isLive = store.flight.state === "flying" && may("procedure");
  update(said, noFlight() || (may("procedure") ? "" : `The ${store.hello.role} looks on.`));
  toCrew.hidden = store.hello?.role !== "director";
  const rows = all();
  const at = current();
  update(steps, rows.length
    ? [el("h3", {}, rows[0].title), table(["", "step", "order", "expected", "go / no-go", "state", "since", "by", ""], rows.map((step) => [
      el("td", { class: step === at ? "chosen" : "" }, step === at ? `▶ ${step.number + 1}` : step.number + 1),
      el("td", { class: "text long" }, el("strong", {}, step.name), el("br"), el("span", { class: "said" }, step.text)),
      el("td", { class: "text" }, step.order ?? "-"),
      el("td", { class: "text long" }, expected(step)),
      el("td", { class: "text" }, polls(step)),
      el("td", { class: `text ${step.paused != null ? "open" : STYLES[step.status] ?? ""}` }, stateOf(step)),
      seconds(step.since), who(step), step === at && isLive ? buttons(step) : "",
    ]), { "aria-label": "steps" }, (index) => `step-${index}`)]
    : empty(store.tables.scenario.scenario?.procedure ? "The procedure begins with the flight." : "This mission has no procedure."));
  drawInjects();
  drawRecord(rows);
}

function expected(step) {
  const seen = step.expect ? `${step.expect}, within ${seconds(step.within_seconds)}` : "";
  return [seen, step.delay_seconds ? `${seen ? "then " : ""}${seconds(step.delay_seconds)} of delay` : ""].filter(Boolean).join(", ") || "-";
}

function stateOf(step) {
  if (step.paused != null) return `paused at ${seconds(step.paused)}`;
  if (step.status == null) return "to come";
  if (step.reason) return `${WORDS[step.status]}: ${step.reason}`;
  if (step.status === "expecting") return `waiting, ${seconds(Math.max(0, step.since + step.within_seconds - run().now))} left`;
  return WORDS[step.status];
}

function who(step) {
  return step.sender === "procedure" || !step.sender ? "-" : `${step.sender}${step.role ? `, ${step.role}` : ""}`;
}

function polls(step) {
  if (!step.poll.length) return "-";
  return el("ul", { class: "plain" }, [...step.poll, "quorum"].map((role) => {
    const [word, sender, at, why] = step.answers[role] ?? [];
    const style = word === "go" ? "good" : word ? "bad" : "";
    const by = sender && sender !== "procedure" ? ` ${sender}` : "";
    return el("li", { title: why || null }, `${role}: `, el("strong", { class: style }, word ? word.toUpperCase() : "-"), el("span", { class: "said" }, word ? `${by} ${seconds(at)}` : ""), why ? [el("br"), el("span", { class: "said" }, why)] : "");
  }));
}

function buttons(step) {
  const one = (words, pressed, does, style = "") => el("button", { class: style, onclick: does, "aria-keyshortcuts": pressed, "aria-description": step.name }, `${words} `, el("kbd", { "aria-hidden": "true" }, pressed));
  const made = [];
  if (step.paused == null && step.status === "held") made.push(one("Begin", "Enter", () => say("step"), "first"));
  if (step.paused == null && step.status === "polling") made.push(one("Go", "g", () => answer("go", ours(step)), "first"), one("No-go", "n", () => answer("no-go", ours(step)), "bad"));
  if (step.paused == null && ["expecting", "failed"].includes(step.status)) made.push(one("Retry", "r", () => say("retry")));
  made.push(one(step.paused == null ? "Pause" : "Continue", "p", () => say(step.paused == null ? "pause" : "continue")));
  if (step.paused == null) made.push(one("Skip", "k", () => say("skip")));
  return el("div", { class: "tools" }, made);
}

function drawInjects() {
  const when = (row) => row.planned ?? Infinity;
  const rows = Object.values(store.tables.injects).sort((a, b) => when(a) - when(b) || (a.after ? 0 : 1) - (b.after ? 0 : 1));
  injectsCard.hidden = !rows.length;
  const isLive = store.flight.state === "flying" && may("inject");
  update(injects, table(["inject", "what it does", "when", "state", "at", "by", ""], rows.map((row) => [
    el("td", { class: "text long" }, el("strong", {}, row.name), row.text ? [el("br"), el("span", { class: "said" }, row.text)] : ""),
    el("td", { class: "text" }, orderWords(row.told)),
    row.after ? `with step ${row.after}` : row.planned != null ? `at ${seconds(row.planned)}` : "by hand",
    el("td", { class: `text ${row.status === "refused" ? "bad" : row.status ? "open" : ""}` }, row.status === "begun" ? "played" : row.reason ? `${row.status}: ${row.reason}` : row.status ?? "to come"),
    seconds(row.at), row.sender === "procedure" ? "-" : row.sender || "-",
    isLive && row.status == null ? el("button", { onclick: () => act(order({ kind: "inject", name: row.name })), "aria-label": `Play ${row.name}` }, "Play") : "",
  ]), { "aria-label": "injects" }, (index) => `inject-${rows[index].name}`));
}

function drawRecord(rows) {
  const entries = rows.flatMap((step) => [
    ...step.history.map(([at, status, sender, why]) => [at, `step ${step.name}`, WORDS[status] ?? status, sender, why, STYLES[status] ?? ""]),
    ...Object.entries(step.answers).map(([role, [word, sender, at, why]]) => [at, `poll ${step.name}`, `${role}: ${word}`, sender, why, word === "go" ? "good" : "bad"]),
  ]);
  for (const each of Object.values(store.tables.orders)) {
    if (each.told.kind === "note" && each.outcome === "accepted") entries.push([each.at, "note", each.told.text, each.sender, "", ""]);
  }
  entries.sort((a, b) => b[0] - a[0]);
  update(record, entries.length
    ? table(["mission time", "what", "state", "by", "why"], entries.slice(0, SHOWN).map(([at, what, words, sender, why, style]) => [seconds(at), el("td", { class: "text" }, what), el("td", { class: `text ${style}` }, words), sender === "procedure" ? "-" : sender, el("td", { class: "text" }, why || "-")]), { "aria-label": "record" }, (index) => `entry-${entries.length - index}`)
    : empty("Nothing has been done or noted yet."));
}
