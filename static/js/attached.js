// The files of the message in the box: each is kept at once, and stands there until it is sent or
// taken off. Words aren't needed then.
import { takeFiles } from "./uploads.js";

// In dots of its longer side: models look at no more of a picture than that.
const LONGEST = 2048;
const DRAWN = ["image/png", "image/jpeg", "image/webp"];

const form = document.querySelector("[data-composer][data-attach]");
const text = form.querySelector("textarea");
const list = form.querySelector("[data-uploads]");

// All the page is the place to drop them.
takeFiles(
  form,
  document.documentElement,
  ({ html }, row) => {
    row.insertAdjacentHTML("afterend", html);
    row.remove();
  },
  smaller,
);

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take-off]");
  if (!button) return;
  button.closest("li").remove();
  text.focus();
});

new MutationObserver(() => (text.required = !list.children.length)).observe(list, { childList: true });

// A large picture, made smaller here: it is there sooner, takes less room, and what the camera wrote
// into it, such as the place, goes nowhere.
async function smaller(file) {
  if (!DRAWN.includes(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => null);
  const part = picture ? LONGEST / Math.max(picture.width, picture.height) : 1;
  if (part >= 1) return file;
  const canvas = new OffscreenCanvas(Math.round(picture.width * part), Math.round(picture.height * part));
  const drawing = canvas.getContext("2d");
  drawing.imageSmoothingQuality = "high";
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const drawn = await canvas.convertToBlob({ type: file.type, quality: 0.9 });
  return new File([drawn], file.name, { type: drawn.type });
}
