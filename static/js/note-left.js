// A note whose editor was left with words on their way is shown with them.
import { isLeft, newer } from "./on-its-way.js";

const version = document.querySelector("#note-body [name=version]")?.value;

if (version && isLeft(location.pathname, version)) {
  newer(location.href, version).then((page) => page && location.reload());
}
