// The line that a reminder is written in: htmx asks what is understood of it. Enter adds it at once,
// since the next page says what was understood. Whatever is in the way, the words stay in the line.
import { madeId } from "./made-id.js";
import { post, renewToken } from "./post.js";

const field = document.getElementById("quick");
const form = field?.form;
const understood = document.getElementById("understood");
const trouble = form?.querySelector("[data-trouble]");
const sentences = form?.querySelector("[data-sentences]").content;
let tried = "";
let sending = false;
let leaves = false;
let added = false;

form?.addEventListener("submit", (event) => {
  if (leaves) return (leaves = false);
  event.preventDefault();
  if (sending) return;
  sending = true;
  const { submitter } = event;
  const go = submitter?.name ? leave(submitter) : add();
  go.catch(explain).finally(() => (sending = false));
});

async function add() {
  // What arrived once isn't added again; other words never go under the id of the first.
  if (tried && tried !== field.value) form.elements.page.value = madeId();
  tried = field.value;
  const next = await post(form, new FormData(form), "text/html").catch((fault) => {
    if (fault.status !== 422) throw fault;
  });
  // What is asked stands on a page of its own.
  if (!next) return form.submit();
  added = true;
  location.assign(next.url);
}

// To the whole form, or without htmx to a page about the chips.
async function leave(submitter) {
  await renewToken().catch((fault) => {
    // A page that only a POST leads to can't be asked for.
    if (fault.reason || fault instanceof TypeError) throw fault;
  });
  leaves = true;
  form.requestSubmit(submitter);
}

function explain(fault) {
  const reason = sentences.querySelector(`[data-name="${fault.reason}"]`) ? fault.reason : "failed";
  // An alert that is set again is read out again.
  if (trouble.dataset.said === reason) return;
  trouble.dataset.said = reason;
  const said = sentences.querySelector(`[data-name="${reason}"]`);
  trouble.querySelector("p").replaceChildren(said.cloneNode(true));
  trouble.hidden = false;
}

// Who goes back to this page writes a new reminder in it.
addEventListener("pageshow", ({ persisted }) => persisted && added && location.reload());

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!field || detail.target !== understood) return;
  if (!understood.querySelector(".error")) field.removeAttribute("aria-invalid");
  // A chip that is pressed goes away, and the keyboard goes on in the line.
  if (detail.requestConfig.elt !== field) field.focus();
});

// What stands there isn't of these words.
for (const fault of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(fault, ({ detail }) => {
    if (detail.target === understood) understood.replaceChildren();
  });
}

// Who was signed out elsewhere is led to the sign-in page, but not away from words unsaved.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401 || !field?.value.trim()) return;
  event.preventDefault();
  explain({ reason: "signed-out" });
});
