// Gives each code block its copy button, also those that arrive later.
const button = document.getElementById("code-copy");
const conversation = document.getElementById("conversation");

function dress(root) {
  for (const head of root.querySelectorAll(".code-head")) {
    if (!head.querySelector("[data-copy]")) head.append(button.content.cloneNode(true));
  }
}

dress(conversation);
new MutationObserver(() => dress(conversation)).observe(conversation, {
  childList: true,
  subtree: true,
});
