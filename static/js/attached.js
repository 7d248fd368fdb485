// The files of the message in the box: each is kept at once, and stands there until it is sent or
// taken off. Words aren't needed then.
import { takeFiles } from "./uploads.js";

const form = document.querySelector("[data-composer][data-attach]");
const text = form.querySelector("textarea");
const list = form.querySelector("[data-uploads]");

// All the page is the place to drop them.
takeFiles(form, document.documentElement, ({ html }, row) => {
  row.insertAdjacentHTML("afterend", html);
  row.remove();
});

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take-off]");
  if (!button) return;
  button.closest("li").remove();
  text.focus();
});

new MutationObserver(() => (text.required = !list.children.length)).observe(list, { childList: true });
