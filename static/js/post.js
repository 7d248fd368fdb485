// Sends a form by fetch. Where the person has signed in again in another tab, the token in this
// page is stale: the page is asked for a fresh one, and the form is sent once more.
const TOKEN = "csrfmiddlewaretoken";

// `reason` is the name of a sentence in the page, `sentence` what the server says itself.
export class Refused extends Error {
  constructor(reason, sentence = "", status = 0) {
    super(reason);
    Object.assign(this, { reason, sentence, status });
  }
}

// A request that is `lasting` goes on when the page is left; it can hold 64 kB.
export async function post(form, data = new FormData(form), accept = "text/event-stream", lasting = false) {
  let response = await send(form, data, accept, lasting);
  if (response.status === 403) {
    data.set(TOKEN, await renewToken());
    response = await send(form, data, accept, lasting);
  }
  if (isSignIn(response)) throw new Refused("signed-out");
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Refused(response.status === 404 ? "missing" : "", told.sentence, response.status);
}

// The page as the server would show it now.
export async function currentPage(address = location.href) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (isSignIn(response)) throw new Refused("signed-out");
  if (response.status === 404) throw new Refused("missing");
  if (!response.ok) throw new Refused("");
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  // What one person has written must not land with another one.
  if (page.body.dataset.person !== document.body.dataset.person) throw new Refused("other-person");
  return page;
}

export const isSignIn = (response) =>
  response.redirected && new URL(response.url).pathname.startsWith("/account/");

const send = (form, data, accept, keepalive) =>
  fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(data),
    headers: { Accept: accept },
    keepalive,
  });

// The forms of this page can be sent again.
export async function renewToken() {
  const page = await currentPage();
  const token = page.querySelector(`[name="${TOKEN}"]`).value;
  for (const field of document.querySelectorAll(`[name="${TOKEN}"]`)) field.value = token;
  return token;
}
