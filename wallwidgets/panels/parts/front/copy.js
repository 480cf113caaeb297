/** A button among others that copies a text of the panel; without a text it is not there. */
function render({ model, el }) {
  const words = () => model.get("words");
  const { button, rest, stop } = copyButton("widget-button", words, () => model.get("text"));
  const show = () => (el.hidden = !model.get("text"));
  el.append(button);
  model.on("change:words", rest);
  model.on("change:text", show);
  show();
  return stop;
}
export default { render };
