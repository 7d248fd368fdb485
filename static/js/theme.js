// Shows a theme as soon as it is chosen; it is kept when the form is saved.
document.addEventListener("change", ({ target }) => {
  if (!target.matches('[name="theme"]')) return;
  const { dataset } = document.documentElement;
  if (target.value === "system") delete dataset.theme;
  else dataset.theme = target.value;
});
