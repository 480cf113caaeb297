/** A password field. Its text is in no synced trait: it leaves as a message, never as state. */
let count = 0;

function render({ model, el }) {
  el.classList.add("ww-secret");
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "password";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.id = `ww-secret-${(count += 1)}-${Math.random().toString(36).slice(2)}`;
  label.htmlFor = input.id;
  el.append(label, input);
  const show = () => {
    label.textContent = model.get("label");
    input.disabled = model.get("disabled");
    input.placeholder = model.get("placeholder");
  };
  input.addEventListener("input", () => model.send({ text: input.value }));
  model.on("msg:custom", (message) => {
    if (message.do === "empty") input.value = "";
    if (message.do === "focus") input.focus();
  });
  model.on("change:label change:disabled change:placeholder", show);
  show();
}
export default { render };
