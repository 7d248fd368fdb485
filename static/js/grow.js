// Lets a data-grow textarea follow its text where the browser lacks `field-sizing: content`.
if (!CSS.supports("field-sizing", "content")) {
  const fit = (area) => {
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  };
  document.addEventListener("input", ({ target }) => target.matches("[data-grow]") && fit(target));
  document.addEventListener("reset", ({ target }) =>
    requestAnimationFrame(() => target.querySelectorAll("[data-grow]").forEach(fit)),
  );
  document.querySelectorAll("[data-grow]").forEach(fit);
}
