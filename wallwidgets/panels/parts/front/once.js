/** A secret that is shown once. It arrives as a message, so it is in no state and no notebook. */
function render({ model, el }) {
  el.classList.add("ww-once");
  el.hidden = true;
  const title = document.createElement("span");
  const text = document.createElement("code");
  text.className = "ww-mono";
  text.tabIndex = 0;
  const done = document.createElement("button");
  done.type = "button";
  done.className = "ww-plain";
  done.textContent = "Hide for good";
  const { button, stop } = copyButton("ww-plain", () => "Copy", () => text.textContent);
  el.append(title, text, button, done);
  const forget = () => {
    text.textContent = "";
    el.hidden = true;
  };
  done.addEventListener("click", forget);
  model.on("msg:custom", (message) => {
    if (message.do !== "show") return forget();
    title.textContent = message.title;
    text.textContent = message.text;
    el.hidden = false;
    text.focus();
  });
  return () => {
    stop();
    forget();
  };
}
export default { render };
