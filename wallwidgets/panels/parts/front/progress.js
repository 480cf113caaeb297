/** A transfer's bar, with percent, amounts and rate below it, and the time left at the right. */
function render({ model, el }) {
  el.classList.add("ww-progress");
  const track = document.createElement("div");
  track.className = "ww-track";
  track.setAttribute("role", "progressbar");
  track.setAttribute("aria-valuemin", "0");
  track.setAttribute("aria-valuemax", "100");
  const bar = document.createElement("div");
  track.append(bar);
  const line = document.createElement("div");
  line.className = "ww-progress-line";
  const texts = ["percent", "amount", "rate", "left"].map((name) => {
    const node = document.createElement("span");
    node.className = `ww-${name}`;
    line.append(node);
    return node;
  });
  el.append(track, line);
  const show = () => {
    const { percent, words } = model.get("shown");
    el.hidden = !words.length;
    bar.style.width = `${percent}%`;
    track.setAttribute("aria-valuenow", String(percent));
    track.setAttribute("aria-label", model.get("label"));
    texts.forEach((node, index) => (node.textContent = words[index] ?? ""));
  };
  model.on("change:shown change:label", show);
  show();
}
export default { render };
