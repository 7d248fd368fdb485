// A temporary chat is in this page alone: nobody leaves it by mistake. What was said goes along with
// each question by the fields of its turns, which belong to the composer's form.
import { isEmpty } from "./message.js";

const conversation = document.getElementById("conversation");

addEventListener("beforeunload", (event) => {
  if (conversation.childElementCount || !isEmpty()) event.preventDefault();
});
