// What is pasted comes in as Markdown: a link goes around the words that are selected, and HTML
// keeps what Markdown can say. With Ctrl+Shift+V, and in code, it comes as plain text.
import { markdown } from "./html-markdown.js";
import { isInCode, linkable, replace } from "./writing.js";

const area = document.querySelector("#editor textarea");
let isPlain = false;

area.addEventListener("keydown", (event) => {
  isPlain = (event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === "v";
});
area.addEventListener("keyup", () => (isPlain = false));

area.addEventListener("paste", (event) => {
  const { selectionStart: from, selectionEnd: to, value } = area;
  if (event.defaultPrevented || isPlain || isInCode(value, from)) return;
  const data = event.clipboardData;
  // An editor of code colours its words, and means none of it.
  const html = data.types.includes("vscode-editor-data") ? "" : data.getData("text/html");
  const words = linked(value.slice(from, to), data.getData("text/plain").trim()) || markdown(html);
  // What doesn't fit is for the browser to cut off.
  if (!words || value.length - (to - from) + words.length > area.maxLength) return;
  event.preventDefault();
  replace(area, from, to, words);
});

function linked(selected, pasted) {
  const words = selected.trim();
  if (!words || /[[\]]|\n\s*\n|^https?:/.test(words) || /\s/.test(pasted)) return "";
  const address = /^(?:https?:\/\/|mailto:)./i.test(pasted) && linkable(pasted);
  return address ? selected.replace(words, () => `[${words}](${address})`) : "";
}
