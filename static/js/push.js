// Lets this browser be told while AhFai is closed. The form stands in the page and is sent as any
// other one, with the address that the browser's maker has given out for it.
const place = document.querySelector("[data-push]");

if (place) begin();

async function begin() {
  place.hidden = false;
  const { form } = place.querySelector("[name=subscription]");
  form.elements.namedItem("name").value ||= thisDevice();
  onSubmit(form, switchOn);
  for (const known of place.querySelectorAll("[data-endpoint]")) onSubmit(known, switchOff);
  const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!can) return show("unable");
  const subscription = await subscribed();
  const known = [...place.querySelectorAll("[data-endpoint]")].find(
    ({ dataset }) => dataset.endpoint === subscription?.endpoint,
  );
  if (known) known.hidden = false;
  else if (place.querySelector("[role=alert]")) show("off");
  else show(Notification.permission === "denied" ? "denied" : "off");
}

function onSubmit(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(form);
  });
}

async function subscribed() {
  return (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
}

async function switchOn(form) {
  const answer = await Notification.requestPermission();
  if (answer !== "granted") return show(answer === "denied" ? "denied" : "off");
  show("busy");
  try {
    form.elements.subscription.value = JSON.stringify(await subscribe());
  } catch {
    return show("failed");
  }
  form.submit();
}

async function switchOff(form) {
  await (await subscribed())?.unsubscribe();
  form.submit();
}

async function subscribe() {
  await navigator.serviceWorker.register("/service-worker.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  // Of somebody else who uses this browser, or made with another key.
  await (await pushManager.getSubscription())?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: place.dataset.push });
}

function show(now) {
  for (const part of place.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.when.split(" ").includes(now);
  }
}

// As people call it; each can be given another name.
function thisDevice() {
  const { userAgent } = navigator;
  const first = (names) => names.find(([sign]) => userAgent.includes(sign))?.[1];
  const browser = first([["Firefox", "Firefox"], ["Edg", "Edge"], ["Chrome", "Chrome"], ["Safari", "Safari"]]);
  const machine = first([["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac", "Mac"], ["Linux", "Linux"]]);
  return [browser, machine].filter(Boolean).join(", ");
}
