// A note: a sentence, and the buttons that answer it.

/**
 * @param {HTMLElement} node What shows the note.
 * @param {string} words
 * @param {{label: string, act: () => unknown}[]} buttons
 */
export function write(node, words, buttons = []) {
  const sentence = document.createElement("p");
  sentence.textContent = words;
  const row = buttons.map(({ label, act }) => {
    const button = document.createElement("button");
    button.textContent = label;
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  });
  node.classList.add("wallwidgets-note");
  node.replaceChildren(sentence, ...row);
}
