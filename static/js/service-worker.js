// Works while no page is open: shows what is sent to this browser, and leads to it. It keeps nothing
// and answers no request of a page. Its messages are written by reminders/channels/push.py.
const ICON = "/static/icons/app-192.png";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

// A browser takes the permission away when nothing is shown.
function show(data) {
  const { title = "You have a reminder", text = "", page = "/reminders/notices", tag, at } = read(data);
  // The same message again takes the place of the one before, without a sound.
  const shown = { body: text, tag, timestamp: at, data: { page }, icon: ICON };
  return self.registration.showNotification(title, shown);
}

function read(data) {
  try {
    return data.json();
  } catch {
    return {};
  }
}

// A page in which somebody may be writing stays where it is.
async function open(notification) {
  notification.close();
  const address = new URL(notification.data.page, self.location.origin);
  if (address.origin !== self.location.origin) return;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => page.url === address.href);
  await (there ? there.focus() : self.clients.openWindow(address));
}

// The browser has given this one another address, or took the old one back. Where nobody is signed
// in any more, AhFai learns that from the old address, and says so where the channels are listed.
async function renew({ oldSubscription, newSubscription }) {
  if (!oldSubscription) return;
  const answer = await fetch("/reminders/told/push/renewed", { redirect: "error" });
  const { token } = await answer.json();
  const fresh =
    newSubscription ?? (await self.registration.pushManager.subscribe(oldSubscription.options));
  const body = new URLSearchParams({
    csrfmiddlewaretoken: token,
    before: oldSubscription.endpoint,
    subscription: JSON.stringify(fresh),
  });
  await fetch("/reminders/told/push/renewed", { method: "POST", body });
}
