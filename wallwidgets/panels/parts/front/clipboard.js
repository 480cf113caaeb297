/** What copies: the first part of the scripts that need it, since each is a module of its own. */
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

/** A button that copies what `text()` gives and says "Copied" for 1.5 s. */
function copyButton(css, words, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = css;
  button.setAttribute("aria-live", "polite");
  let timer = 0;
  const rest = () => (button.textContent = words());
  button.addEventListener("click", async () => {
    try {
      await copy(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    button.focus();
    clearTimeout(timer);
    timer = setTimeout(rest, 1500);
  });
  rest();
  return { button, rest, stop: () => clearTimeout(timer) };
}

