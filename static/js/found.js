// From the search field, Down leads into what was found and Enter opens the first of it, where it
// still answers what stands in the field. Down and Up go on from there, and Up back into the field.
const field = document.getElementById("q");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const found = document.getElementById("results");
  const links = [...found.querySelectorAll(".found a")];
  const here = links.indexOf(event.target);
  if (event.target !== field && here < 0) return;
  if (event.key === "ArrowDown" && links[here + 1]) {
    links[here + 1].focus();
  } else if (event.key === "ArrowUp" && here >= 0) {
    (links[here - 1] ?? field).focus();
  } else if (event.key === "Enter" && here < 0 && links[0] && found.dataset.for === field.value) {
    links[0].click();
  } else {
    return;
  }
  event.preventDefault();
});
