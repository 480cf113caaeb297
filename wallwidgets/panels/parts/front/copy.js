/** Put a text on the clipboard. */
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

/** A button that copies what `text` gives, and says for a moment how that went. */
function copyButton(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ww-plain";
  button.setAttribute("aria-live", "polite");
  button.textContent = "Copy";
  let timer = 0;
  button.addEventListener("click", async () => {
    try {
      await copy(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    button.focus();
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}
