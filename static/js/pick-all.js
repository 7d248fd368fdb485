// One tick for all rows of the page, where several are selected, and how many are.
const place = document.querySelector("[data-picks-all]");
const all = place?.querySelector("input");
const ticks = [...(all?.form.querySelectorAll(".rows [type=checkbox]") ?? [])];

if (place) {
  place.hidden = false;
  show();
  all.form.addEventListener("change", ({ target }) => {
    if (target === all) for (const tick of ticks) tick.checked = all.checked;
    show();
  });
}

function show() {
  const picked = ticks.filter((tick) => tick.checked).length;
  all.checked = picked > 0 && picked === ticks.length;
  place.querySelector("[data-picked]").textContent = picked;
  all.indeterminate = picked > 0 && !all.checked;
}
