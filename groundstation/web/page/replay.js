// The bar of a replay: play, step, leap, speed, a slider over the mission, and whose sight it keeps to. All pages of one sight see the same moment.

import { el, span, update } from "./dom.js";
import { act, notify } from "./main.js";
import { may, replay as ask, store } from "./store.js";

export const keys = [
  ["space", "play, or pause"], ["< >", "the event before, or the next one"], ["{ }", "5 % back, or on"], ["( )", "slower, faster"],
  ["B E", "the begin, the end"], ["j", "go to a second or a slot"], ["V", "the next violation"],
  ["K", "as the crew saw it, or the truth"],
];
const SIGHTS = { crew: "as the crew saw it", truth: "the truth" };
const LEAP = 0.05; // of the mission
const WAIT_MS = 150; // between two places of a slider that is dragged

let parts = null, drawn = "", asked = 0, due = null;

const now = () => store.flight.replay;

function seek(to) {
  clearTimeout(due);
  const wait = Math.max(0, asked + WAIT_MS - performance.now());
  due = setTimeout(() => { asked = performance.now(); act(ask("seek", to)); }, wait);
}

const play = () => act(ask(now().is_playing ? "pause" : "play"));
const next = () => act(ask("next"));
const previous = () => act(ask("previous"));
const violation = () => act(ask("violation"));
const choose = (sight) => act(ask("sight", sight));

function leap(share) {
  const { at, end } = now();
  seek(Math.min(Math.max(0, at + share * end), end));
}

function faster(by) {
  const { speeds, speed } = now();
  const place = speeds.indexOf(speed) + by;
  if (place >= 0 && place < speeds.length) act(ask("speed", speeds[place]));
}

/** Go to what is written in the field: a second, or a slot. */
function jump(event) {
  event.preventDefault();
  const [, slot, number] = parts.field.value.trim().match(/^(slot\s*)?(\d+(?:\.\d+)?)\s*s?$/i) ?? [];
  if (number === undefined) return notify(`${parts.field.value}: want a mission second, as 12.5, or a slot, as slot 7`);
  act(ask(slot ? "slot" : "seek", Number(number)));
  parts.field.value = "";
  document.getElementById("view").focus();
}

const KEYS = {
  " ": play, ">": next, "<": previous, "{": () => leap(-LEAP), "}": () => leap(LEAP), "(": () => faster(-1), ")": () => faster(1),
  B: () => seek(0), E: () => act(ask("end")), j: () => parts.field.focus(), V: violation,
  K: () => choose(now().sight === "crew" ? "truth" : "crew"),
};

export function onKey(event) {
  if (!now() || !(event.key in KEYS)) return false;
  KEYS[event.key]();
  return true;
}

function make(host) {
  const slider = el("input", { type: "range", min: "0", step: "any", "aria-label": "moment of the mission", oninput: (event) => seek(Number(event.target.value)) });
  const field = el("input", { id: "jump", size: "8", placeholder: "12.5, slot 7", autocomplete: "off" });
  const left = el("div", { class: "controls" }), right = el("div", { class: "controls" });
  const form = el("form", { class: "controls", onsubmit: jump }, el("label", { for: "jump" }, "go to ", el("kbd", {}, "j")), field);
  const said = el("span", { class: "at", role: "status", "aria-live": "off" });
  const sight = el("div", { class: "controls", role: "group", "aria-label": "whose sight" });
  host.append(left, slider, said, form, sight, right);
  parts = { slider, field, left, right, said, sight };
}

export function draw(host) {
  const told = now(), mine = may("replay") && store.isConnected;
  host.hidden = !told;
  if (!told) return;
  if (!parts) make(host);
  const key = JSON.stringify([told, mine]);
  if (key === drawn) return;
  drawn = key;
  const { slider, field, left, right, said, sight } = parts;
  const button = (key, keys, label, text, onclick, more = {}) => el("button", { key, onclick, "aria-label": label, title: `${label} (${keys})`, "aria-keyshortcuts": keys, disabled: !mine, ...more }, text);
  update(left,
    button("begin", "B", "to the begin", "|◀", KEYS.B), button("previous", "<", "the event before", "◀", previous),
    button("play", "Space", told.is_playing ? "pause" : "play", told.is_playing ? "Pause" : "Play", play, { class: "first play" }),
    button("next", ">", "the next event", "▶", next, { disabled: !mine || told.is_at_end }), button("end", "E", "to the end", "▶|", KEYS.E, { disabled: !mine || told.is_at_end }),
    button("slower", "(", "slower", "−", () => faster(-1)), el("span", { key: "speed", class: "speed" }, `${told.speed} ×`), button("faster", ")", "faster", "+", () => faster(1)));
  slider.max = String(told.end);
  slider.disabled = !mine;
  field.disabled = !mine;
  if (document.activeElement !== slider || told.is_playing || told.is_at_end) slider.value = String(told.at);
  slider.setAttribute("aria-valuetext", `${told.at.toFixed(3)} seconds of ${told.end.toFixed(3)}`);
  update(said, store.flight.behaviour ? `state ${told.at} of ${told.end}${told.is_at_end ? ", the end" : ""}` : `${told.at.toFixed(3)} s of ${span(told.end)}${told.is_behind ? ", reading" : told.is_at_end ? ", the end" : ""}`);
  sight.hidden = !told.sights;
  update(sight, (told.sights ?? []).map((each) => el("button", { key: each, onclick: () => choose(each), "aria-pressed": String(told.sight === each), "aria-keyshortcuts": "K", title: `${SIGHTS[each]} (K)`, disabled: !mine }, SIGHTS[each])),
    told.sight_error ? el("span", { key: "error", class: "bad", role: "alert" }, told.sight_error) : null);
  update(right, told.violations ? button("violation", "V", "the next violation", ["Next violation ", el("kbd", { "aria-hidden": "true" }, "V")], violation, { class: "bad", "aria-label": null }) : null);
}
