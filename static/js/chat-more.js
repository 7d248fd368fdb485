// Loads earlier messages as the reader comes near the top of a long chat, and later ones near the
// end; what is being read stays where it is.
import { currentPage } from "./post.js";

const view = document.querySelector("[data-follow]");
const conversation = document.getElementById("conversation");
const NEAR = "600px";
let loading = false;

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) load(target);
  },
  { root: view, rootMargin: NEAR },
);

conversation.addEventListener("click", (event) => {
  const link = event.target.closest("[data-more]");
  if (!link) return;
  event.preventDefault();
  load(link);
});

// The page may show another part of the chat since.
document.addEventListener("chat:sent", watch);
watch();

function watch() {
  for (const link of conversation.querySelectorAll("[data-more]")) watcher.observe(link);
}

async function load(link) {
  if (loading) return;
  loading = true;
  watcher.unobserve(link);
  try {
    const page = await currentPage(link.href);
    if (link.isConnected) put(link, page.getElementById("conversation"));
  } catch {
    // The link is there still: to press, or to come near once more.
  } finally {
    loading = false;
    watch();
  }
}

function put(link, more) {
  const other = link.dataset.more === "before" ? "after" : "before";
  more.querySelector(`[data-more="${other}"]`)?.remove();
  const kept = link.dataset.more === "before" ? link.nextElementSibling : link.previousElementSibling;
  const top = kept?.getBoundingClientRect().top;
  link.replaceWith(...more.children);
  if (kept) view.scrollTop += kept.getBoundingClientRect().top - top;
}
