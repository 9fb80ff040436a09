// The one place where text becomes markup or an address becomes a script (Trusted Types). Both come from this server.

const policy = window.trustedTypes?.createPolicy("perscan", {
  createHTML: (text) => text,
  createScriptURL: ownAddress,
});

export function html(text) {
  return policy ? policy.createHTML(text) : text;
}

export function scriptAddress(address) {
  return policy ? policy.createScriptURL(address) : ownAddress(address);
}

function ownAddress(address) {
  const whole = new URL(address, location.href);
  if (whole.origin !== location.origin) throw new TypeError(`not a script of ours: ${whole}`);
  return whole.href;
}

// The chart library empties its element by `innerHTML = ""`: that much it may, and no more.
window.trustedTypes?.createPolicy("default", { createHTML: (text) => (text === "" ? "" : null) });
