// A browser asks for the next page before the one that is left has saved its last words. So that
// one leaves a mark in its tab, a note's address and a version without any words, and the next
// page of this note waits for what comes after that version.
import { currentPage } from "./post.js";

const MARK = "note-on-its-way";
const TRIES_MS = [0, 100, 200, 400, 800];

export function leave(note, version) {
  sessionStorage.setItem(MARK, JSON.stringify([note, version]));
}

// Whether this version of the note is the one that was left, or older. Asked once.
export function isLeft(note, version) {
  const [left, from] = JSON.parse(sessionStorage.getItem(MARK)) ?? [];
  sessionStorage.removeItem(MARK);
  return left === note && Number(version) <= Number(from);
}

// The page as it is once a newer version has come, null where none comes.
export async function newer(address, version) {
  for (const rest of TRIES_MS) {
    await new Promise((resolve) => setTimeout(resolve, rest));
    const page = await currentPage(address).catch(() => null);
    const field = page?.querySelector('[name="version"]');
    if (field && Number(field.value) > Number(version)) return page;
  }
  return null;
}
