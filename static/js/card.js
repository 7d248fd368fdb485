// Another card takes the place of one that was pressed, and the keyboard goes on there: not where
// the person has gone elsewhere meanwhile, as to what they write next.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches(".card[tabindex]") && document.activeElement === document.body) elt.focus();
});
