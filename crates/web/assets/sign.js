// Signs with a passkey: an assertion whose challenge is the hash that is signed. The server only checks and records.
"use strict";
(() => {
  const room = document.getElementById("signing");
  if (!room || !window.PublicKeyCredential) return;
  const said = document.getElementById("sign-said");
  const say = (text, harm) => {
    said.textContent = text;
    said.classList.toggle("harm", harm);
    said.hidden = false;
  };
  const coded = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const bytes = (hex) => new Uint8Array(hex.match(/../g).map((pair) => parseInt(pair, 16)));
  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": room.dataset.csrf },
      body: JSON.stringify(body),
    });
    return { ok: answer.ok, body: await answer.json() };
  };
  const signed = async (hash) => {
    const made = await navigator.credentials.get({
      publicKey: { challenge: bytes(hash), rpId: location.hostname, userVerification: "required" },
    });
    const parts = made.response;
    return "webauthn." + [parts.authenticatorData, parts.clientDataJSON, parts.signature].map(coded).join(".");
  };
  const why = (refusal) => [...refusal.missing, refusal.how].join(". ");
  const sign = async (button) => {
    const hash = button.dataset.hash;
    const command = {
      ...JSON.parse(button.dataset.sign),
      signatory: room.dataset.user, signed_hash: hash, signature: await signed(hash),
    };
    const { ok, body } = await post("/api/v1/commands", { command });
    if (ok) {
      button.disabled = true;
      say("Signed and recorded.", false);
    } else if (body.refusal && body.refusal.code === "STEP_UP") {
      location.assign("/account/prove?next=/sign");
    } else {
      say("Not signed: " + (body.refusal ? why(body.refusal) : body.error.what), true);
    }
  };
  const make = async () => {
    const random = (length) => crypto.getRandomValues(new Uint8Array(length));
    const name = room.dataset.user;
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: random(32), rp: { id: location.hostname, name: "Segue" },
        user: { id: random(16), name, displayName: name },
        // ES256, or else EdDSA.
        pubKeyCredParams: [-7, -8].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      },
    });
    const { ok, body } = await post("/sign/key", { spki: coded(made.response.getPublicKey()) });
    if (!ok) {
      say("No passkey: " + (body.refusal ? why(body.refusal) : body.error.what), true);
      return;
    }
    const proof = await signed(body.hash);
    const saved = { person: body.person, new_key: body.new_key, proof };
    document.getElementById("passkey-json").value = JSON.stringify(saved, null, 1);
    document.getElementById("passkey-made").hidden = false;
  };
  // A person who says no to their device has said no.
  const tried = (act) => () => act().catch((error) => say("Nothing was signed: " + error.message, true));
  for (const button of room.querySelectorAll("button[data-sign]")) {
    button.hidden = false;
    button.addEventListener("click", tried(() => sign(button)));
  }
  const button = document.getElementById("make-passkey");
  button.hidden = false;
  button.addEventListener("click", tried(make));
})();
