// A temporary chat is in this page alone: nobody leaves it by mistake. What was said goes along with
// each question by the fields of its turns, which belong to the composer's form.
import { isEmpty, tell } from "./message.js";

const conversation = document.getElementById("conversation");

addEventListener("beforeunload", (event) => {
  if (conversation.childElementCount || !isEmpty()) event.preventDefault();
});

// Where a file is dropped, the browser would show it in the place of this page.
addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault();
});
for (const name of ["drop", "paste"]) {
  addEventListener(name, (event) => {
    const { files, types } = event.dataTransfer ?? event.clipboardData;
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    tell("no-files");
  });
}
