// The form that asks for a token, where the console has people with roles.

import { el } from "./dom.js";
import { connect, logIn, store } from "./store.js";

/** Ask for a token until one is right. */
export function askForToken(dialog) {
  if (!store.wantsToken || dialog.open) return;
  const said = el("p", { class: "bad", role: "alert" });
  const token = el("input", { id: "token", type: "password", autocomplete: "current-password", required: true });
  const form = el("form", { class: "grid", onsubmit: send }, el("label", { for: "token" }, "token"), token, el("button", { class: "first" }, "Log in"));
  async function send(event) {
    event.preventDefault();
    const answer = await logIn(token.value);
    if (answer.role) {
      store.wantsToken = false; // or the next drawing asks again
      dialog.close();
      connect();
    } else said.textContent = answer.reason;
  }
  dialog.replaceChildren(el("h2", {}, "Who are you?"), el("p", { class: "said" }, "This console has people with roles. Your token says who you are and what you may do."), form, said);
  dialog.showModal();
}
