// The message in the composer: its words, the id they are sent under, and the sentence over them
// that says why something did not go through.
import { madeId } from "./made-id.js";
import { post } from "./post.js";

export const composer = document.getElementById("composer");
const box = composer.querySelector("textarea");
const place = composer.querySelector("[data-sentence]");
const sentences = document.getElementById("sentences").content;
const files = () => [...composer.querySelectorAll("[name=attached]:checked")];
let tried = "";
let triedFiles = "";
let said = "";

export const isEmpty = () => !box.value.trim() && !files().length;

// The same words with the same files keep their id, so that they are not asked twice when they did
// arrive; others never go out under it.
export function send() {
  const ids = files().map((file) => file.value).join(" ");
  if ((tried || triedFiles) && (tried !== box.value || triedFiles !== ids)) renewId();
  [tried, triedFiles] = [box.value, ids];
  return post(composer);
}

export function arrived() {
  if (box.value === tried) box.value = "";
  for (const file of files()) if (triedFiles.includes(file.value)) file.closest("li").remove();
  // What was refused didn't go along, and is known by now.
  for (const why of composer.querySelectorAll("[data-why]:not([hidden])")) why.closest("li").remove();
  box.dispatchEvent(new Event("input", { bubbles: true }));
  tried = triedFiles = "";
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
