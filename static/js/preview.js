// What the words will look like: beside the text on a wide screen, in its place on a narrow one.
// It follows what is written, and says why where it can't.
import { post } from "./post.js";

const REST_MS = 400;
const form = document.getElementById("editor");
const place = document.getElementById("preview");
const button = document.querySelector("[data-preview]");
const back = place.querySelector("[data-close]");
const why = place.querySelector("[data-why]");
const sentences = place.querySelector("template").content;
let rest = 0;
let asked = 0;

// Enter in the title is for Save.
button.type = "button";
place.toggleAttribute("data-live", true);
back.hidden = false;
show(!place.hidden);

button.addEventListener("click", () => show(place.hidden));
back.addEventListener("click", () => {
  show(false);
  form.elements.body.focus();
});
form.addEventListener("input", () => {
  clearTimeout(rest);
  if (!place.hidden) rest = setTimeout(draw, REST_MS);
});

function show(on) {
  place.hidden = !on;
  button.ariaPressed = String(on);
  if (on) draw();
}

async function draw() {
  asked += 1;
  const turn = asked;
  try {
    const page = await drawn();
    if (turn !== asked) return;
    place.querySelector(".prose").replaceWith(page.querySelector("#preview .prose"));
    explain("");
  } catch (fault) {
    if (turn === asked) explain(fault.reason || (fault.status ? "refused" : "offline"));
  }
}

async function drawn() {
  const data = new FormData(form);
  // Only a page that shows a conflict needs what the words grew from.
  data.delete("base");
  data.delete("base_title");
  const answer = await post({ action: button.formAction }, data, "text/html");
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function explain(name) {
  const said = name ? sentences.querySelector(`[data-name="${name}"]`).textContent : "";
  why.hidden = !name;
  // An alert that is set again is read out again.
  if (why.textContent !== said) why.textContent = said;
}
