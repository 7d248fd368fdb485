// One tick for all rows of the page, where several are selected.
const place = document.querySelector("[data-picks-all]");
const all = place?.querySelector("input");
const ticks = [...(all?.form.querySelectorAll(".rows [type=checkbox]") ?? [])];

if (place) {
  place.hidden = false;
  show();
  all.form.addEventListener("change", ({ target }) => {
    if (target === all) for (const tick of ticks) tick.checked = all.checked;
    else show();
  });
}

function show() {
  const picked = ticks.filter((tick) => tick.checked).length;
  all.checked = picked === ticks.length;
  all.indeterminate = picked > 0 && !all.checked;
}
