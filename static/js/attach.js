// What refers to the files that are given to a text is written where the caret is.
import { takeFiles } from "./uploads.js";

const place = document.querySelector("[data-attach]");
const form = place.closest("form");
const text = form.querySelector("textarea");
let hadCaret = false;

place.querySelector("label").classList.add("button");
place.querySelector("[data-scripted]").hidden = false;
text.addEventListener("focus", () => (hadCaret = true));

takeFiles(place, form, ({ written }, row) => {
  write(written);
  row.remove();
});

// A picture gets a paragraph of its own, a link stands between the words.
function write(words) {
  const end = text.value.length;
  const [from, to] = hadCaret ? [text.selectionStart, text.selectionEnd] : [end, end];
  const before = text.value.slice(0, from);
  const after = text.value.slice(to);
  let lead = "";
  let tail = "";
  if (words.startsWith("!")) {
    lead = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    tail = after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
  } else if (before && !/\s$/.test(before)) {
    lead = " ";
  }
  text.setRangeText(lead + words + tail, from, to, "end");
  hadCaret = true;
  text.dispatchEvent(new Event("input", { bubbles: true }));
}
