// Passkeys (WebAuthn): the browser makes one, or answers by one that it has; the form around carries
// what it says. What a browser needs for that stands in the page, or is asked for when pressed.
for (const form of document.querySelectorAll("form[data-passkey]")) begin(form);

function begin(form) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

async function send(form) {
  const { dataset, elements } = form;
  tell(form, "");
  try {
    elements.namedItem("credential").value = JSON.stringify(await answer(form));
  } catch (error) {
    tell(form, error.name === "SecurityError" ? dataset.elsewhere : dataset.failed);
    return;
  }
  form.submit();
}

async function answer(form) {
  const { publicKey } = await options(form);
  if (form.dataset.passkey === "make") {
    const alone = form.elements.namedItem("passwordless").checked;
    if (alone) {
      Object.assign(publicKey.authenticatorSelection, {
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      });
    }
    const made = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
    return navigator.credentials.create({ publicKey: made });
  }
  const wanted = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  return navigator.credentials.get({ publicKey: wanted });
}

async function options(form) {
  const { ask } = form.dataset;
  if (!ask) return JSON.parse(document.getElementById("passkey-options").textContent);
  const body = new URLSearchParams(new FormData(form));
  const response = await fetch(ask, { method: "POST", body });
  if (!response.ok) throw new Error(response.status);
  return response.json();
}

function tell(form, sentence) {
  form.querySelector("[role=status]").textContent = sentence;
}
