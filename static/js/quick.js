// The line that a reminder is written in: htmx asks what is understood of it.
const field = document.getElementById("quick");
const understood = document.getElementById("understood");

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!field || detail.target !== understood) return;
  if (!understood.querySelector(".error")) field.removeAttribute("aria-invalid");
  // A chip that is pressed goes away, and the keyboard goes on in the line.
  if (detail.requestConfig.elt !== field) field.focus();
});

// What stands there isn't of these words.
for (const fault of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(fault, ({ detail }) => {
    if (detail.target === understood) understood?.replaceChildren();
  });
}
