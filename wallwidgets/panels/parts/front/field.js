/** Help below a field; an error replaces it after 400 ms of rest, or when the field is left. */
const REST_MS = 400;
let count = 0;

function render({ model, el }) {
  el.classList.add("ww-help");
  const shape = document.createElement("span");
  shape.className = "ww-shape";
  shape.setAttribute("aria-hidden", "true");
  const text = document.createElement("span");
  text.id = `ww-help-${(count += 1)}-${Math.random().toString(36).slice(2)}`;
  el.append(shape, text);
  let typed = -Infinity;
  let timer = 0;
  let field = null;

  const control = () => field?.querySelector("input, select, textarea");
  const show = () => {
    clearTimeout(timer);
    const error = model.get("error");
    const rested = performance.now() - typed;
    if (error && rested < REST_MS && field?.contains(document.activeElement)) {
      timer = setTimeout(show, REST_MS - rested);
      return;
    }
    text.textContent = error || model.get("help");
    el.dataset.kind = error ? "error" : "help";
    el.hidden = !text.textContent;
    field?.classList.toggle("ww-bad", Boolean(error));
    const input = control();
    input?.setAttribute("aria-describedby", text.id);
    input?.setAttribute("aria-invalid", String(Boolean(error)));
  };
  const onInput = () => {
    typed = performance.now();
  };
  const onLeave = () => {
    typed = -Infinity;
    show();
  };
  // The field is in the page only after this view was made.
  let waiting = 0;
  const attach = () => {
    field = el.closest(".ww-field");
    if (!field || !control()) {
      waiting = requestAnimationFrame(attach);
      return;
    }
    field.addEventListener("input", onInput);
    field.addEventListener("focusout", onLeave);
    show();
  };
  model.on("change:error change:help", show);
  show();
  attach();
  return () => {
    cancelAnimationFrame(waiting);
    clearTimeout(timer);
  };
}
export default { render };
