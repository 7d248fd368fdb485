// Asks for notices at the moment when the next one is due; htmx itself asks every half minute.
let waiting = 0;

// Each answer brings the next moment along.
document.addEventListener("htmx:load", ({ detail }) => detail.elt.id === "news" && wait());
document.addEventListener("visibilitychange", () => document.hidden || look());
wait();

function wait() {
  clearTimeout(waiting);
  const news = document.getElementById("news");
  if (news) waiting = setTimeout(look, news.dataset.askIn * 1000);
}

function look() {
  document.body.dispatchEvent(new CustomEvent("look"));
}
