// The line that a reminder is written in: htmx asks what is understood of it.
const field = document.getElementById("quick");
const understood = document.getElementById("understood");

// Enter before the chips are there shows them first: nothing is guessed in silence.
let asked = "";

field?.form.addEventListener("submit", (event) => {
  const text = field.value.trim();
  const seen = understood.querySelector('[name="seen"]')?.value;
  // The first button is what Enter presses; a second Enter is meant.
  if (!event.submitter?.hidden || !text || text === seen || text === asked) return;
  event.preventDefault();
  asked = text;
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!field || detail.target !== understood) return;
  if (!understood.querySelector(".error")) field.removeAttribute("aria-invalid");
  // A chip that is pressed goes away, and the keyboard goes on in the line.
  if (detail.requestConfig.elt !== field) field.focus();
  // Where nothing was understood, there is nothing to look at.
  else if (asked && asked === field.value.trim() && !understood.querySelector("button")) {
    field.form.requestSubmit();
  }
});

// What stands there isn't of these words.
for (const fault of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(fault, ({ detail }) => {
    if (detail.target !== understood) return;
    understood?.replaceChildren();
    // Without chips the next page says what was understood.
    if (asked && asked === field?.value.trim()) field.form.requestSubmit();
  });
}
