// The message in the composer: its words, the id they are sent under, and the sentence over them
// that says why something did not go through.
import { madeId } from "./made-id.js";
import { post } from "./post.js";

export const composer = document.getElementById("composer");
const box = composer.querySelector("textarea");
const place = composer.querySelector("[data-sentence]");
const sentences = document.getElementById("sentences").content;
let tried = "";
let said = "";

export const isEmpty = () => !box.value.trim();

// The same words keep their id, so that they are not asked twice when they did arrive; other
// words never go out under it.
export function send() {
  if (tried && tried !== box.value) renewId();
  tried = box.value;
  return post(composer);
}

export function arrived() {
  if (box.value === tried) box.value = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  tried = "";
  renewId();
}

export function setBusy(on) {
  composer.toggleAttribute("data-busy", on);
  composer.querySelector(".send").setAttribute("aria-disabled", on);
}

export const worded = (name) =>
  sentences.querySelector(`[data-name="${name}"]`).cloneNode(true);

export function tell(name, sentence = worded(name)) {
  // An alert that is set again is read out again.
  if (name === said && name !== "refused") return;
  said = name;
  place.replaceChildren(sentence);
  place.hidden = false;
}

// Why it failed, or the sentence `otherwise` where nobody said.
export function explain(fault, otherwise) {
  if (fault.sentence) tell("refused", fault.sentence);
  else tell(fault.reason || otherwise);
}

// Takes these sentences back, where one of them is shown.
export function hush(...names) {
  if (names.length && !names.includes(said)) return;
  said = "";
  place.replaceChildren();
  place.hidden = true;
}

function renewId() {
  composer.elements.request_id.value = madeId();
}

// Who was signed out elsewhere is led to the sign-in page, but not away from words unsent.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401 || isEmpty()) return;
  event.preventDefault();
  tell("signed-out");
});
