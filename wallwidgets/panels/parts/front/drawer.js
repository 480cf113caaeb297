/** The Python that does the same, folded away; Copy works without opening it. */
function render({ model, el }) {
  el.classList.add("ww-drawer");
  const fold = document.createElement("details");
  const title = document.createElement("summary");
  title.textContent = "Python for this step";
  const code = document.createElement("pre");
  code.className = "ww-code";
  code.tabIndex = 0;
  fold.append(title, code);
  const { button, stop } = copyButton("ww-plain", () => "Copy", () => model.get("code"));
  el.append(fold, button);
  const show = () => (code.textContent = model.get("code"));
  model.on("change:code", show);
  show();
  return stop;
}
export default { render };
