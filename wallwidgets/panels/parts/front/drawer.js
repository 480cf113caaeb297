/** The Python that does the same, folded away; Copy works without opening it. */
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // A hub without TLS is no secure context and has no clipboard API.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

function render({ model, el }) {
  el.classList.add("ww-drawer");
  const fold = document.createElement("details");
  const title = document.createElement("summary");
  title.textContent = "Python for this step";
  const code = document.createElement("pre");
  code.className = "ww-code";
  code.tabIndex = 0;
  fold.append(title, code);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ww-plain";
  button.setAttribute("aria-live", "polite");
  button.textContent = "Copy";
  let timer = 0;
  button.addEventListener("click", async () => {
    try {
      await copy(model.get("code"));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    button.focus();
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  el.append(fold, button);
  const show = () => (code.textContent = model.get("code"));
  model.on("change:code", show);
  show();
  return () => clearTimeout(timer);
}
export default { render };
