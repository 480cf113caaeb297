/** The account line: names as text, and a clock that counts the minutes of the token down. */
const TICK_MS = 10_000;

function lasts(renews, until) {
  const minutes = Math.floor((until - Date.now()) / 60_000);
  const left = minutes < 120 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h left`;
  // Renewed ahead of its end, so what is over is only not told yet.
  if (renews) return minutes < 1 ? "token renews itself" : `token renews itself, ${left}`;
  return until ? `token: ${Math.max(minutes, 0) ? left : "under a minute left"}` : "";
}

function render({ model, el }) {
  el.classList.add("ww-account");
  let ticking = 0;
  const part = (css, text) => {
    const node = document.createElement("span");
    node.className = css;
    node.textContent = node.title = text;
    el.append(node);
    return node;
  };
  const show = () => {
    clearInterval(ticking);
    const { word, host, user, tls, renews, until_ms: until } = model.get("account");
    el.dataset.kind = host ? "ok" : "off";
    el.replaceChildren();
    part("ww-shape", "").setAttribute("aria-hidden", "true");
    part(host ? "ww-aloud" : "", word);
    if (!host) return;
    part("ww-host", host);
    part("ww-user ww-rank2", user);
    part("ww-rank2", tls);
    const token = part("ww-rank2 ww-push", "");
    const tick = () => {
      token.textContent = lasts(renews, until);
    };
    tick();
    ticking = setInterval(tick, TICK_MS);
  };
  model.on("change:account", show);
  show();
  return () => clearInterval(ticking);
}
export default { render };
