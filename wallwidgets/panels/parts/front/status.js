/** The status line: one sentence in a live region whose node stays, with a clock at the right. */
function part(parent, name, tag = "span") {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

function render({ model, el }) {
  el.classList.add("ww-status");
  const line = part(el, "ww-status-line", "div");
  part(line, "ww-shape").setAttribute("aria-hidden", "true");
  const live = part(line, "ww-status-text");
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  const text = part(live, "");
  const aloud = part(live, "ww-aloud");
  const note = part(line, "ww-note");
  const fold = part(el, "ww-fold", "details");
  part(fold, "", "summary").textContent = "Details";
  const details = part(fold, "ww-code", "pre");
  details.tabIndex = 0;
  let ticking = 0;

  const write = (node, words) => {
    if (node.textContent !== words) node.textContent = words;
  };
  const tick = (from, since, step) => {
    const passed = (performance.now() - since) / 1000;
    if (step < 0) write(note, `again in ${clock(Math.ceil(from - passed))}`);
    // A number that flashes by says nothing.
    else write(note, from + passed < 1 ? "" : clock(from + passed));
  };
  const said = () => {
    const now = model.get("said");
    clearInterval(ticking);
    el.dataset.kind = line.dataset.kind = now.kind;
    write(text, now.text);
    write(details, now.details);
    fold.hidden = !now.details;
    if (!now.details) fold.open = false;
    if (!now.step) return write(note, now.note);
    const since = performance.now();
    tick(now.seconds, since, now.step);
    ticking = setInterval(() => tick(now.seconds, since, now.step), 500);
  };
  const loud = () => write(aloud, model.get("aloud"));
  model.on("change:said", said);
  model.on("change:aloud", loud);
  said();
  loud();
  return () => clearInterval(ticking);
}
export default { render };
