/** A file from this computer: dropped anywhere on the panel or chosen; it travels in pieces. */
function render({ model, el }) {
  el.classList.add("ww-drop", "ww-help");
  const shape = document.createElement("span");
  shape.className = "ww-shape";
  shape.setAttribute("aria-hidden", "true");
  const text = document.createElement("span");
  text.setAttribute("aria-live", "polite");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ww-plain";
  const input = document.createElement("input");
  input.type = "file";
  input.hidden = true;
  el.append(shape, text, button, input);
  let file = null;
  let id = "";

  const offer = (files) => {
    if (model.get("disabled") || !files.length) return;
    if (files.length > 1) return model.send({ do: "many" });
    [file] = files;
    id = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    model.send({ do: "begin", id, name: file.name, size: file.size });
  };
  // The kernel asks for each piece: none is larger than a message may be, and none is lost unseen.
  const more = async (message) => {
    if (message.do !== "more" || message.id !== id || !file) return;
    try {
      const piece = await file.slice(message.at, message.at + message.length).arrayBuffer();
      model.send({ do: "piece", id, at: message.at }, undefined, [piece]);
    } catch {
      model.send({ do: "failed", id });
    }
  };
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    offer(input.files);
    input.value = "";
  });

  let root = null;
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  const over = (event) => {
    if (!isFile(event)) return;
    // Without this the browser would open the file in place of the notebook.
    event.preventDefault();
    event.stopPropagation();
    const off = model.get("disabled");
    event.dataTransfer.dropEffect = off ? "none" : "copy";
    root.classList.toggle("ww-over", !off);
  };
  const leave = (event) => {
    if (!root.contains(event.relatedTarget)) root.classList.remove("ww-over");
  };
  const drop = (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    root.classList.remove("ww-over");
    offer(event.dataTransfer.files);
  };
  const events = { dragenter: over, dragover: over, dragleave: leave, drop };
  let waiting = 0;
  const attach = () => {
    root = el.closest(".ww-panel");
    if (!root) waiting = requestAnimationFrame(attach);
    else for (const name in events) root.addEventListener(name, events[name]);
  };
  const show = () => {
    const { kind, text: words } = model.get("said");
    el.dataset.kind = kind;
    shape.hidden = kind === "help";
    text.textContent = words;
    button.textContent = kind === "help" ? "take one from this computer" : "Take another";
    button.disabled = model.get("disabled");
  };
  model.on("msg:custom", more);
  model.on("change:said change:disabled", show);
  show();
  attach();
  return () => {
    cancelAnimationFrame(waiting);
    for (const name in events) root?.removeEventListener(name, events[name]);
  };
}
export default { render };
