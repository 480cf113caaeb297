// A note: a sentence, and the buttons that answer it.

/** @typedef {{label: string, act: () => unknown}} Button */

/** The panel's note, which says in words how things are. */
export class Note {
  /** @param {HTMLElement} node What shows it. */
  constructor(node) {
    this.node = node;
    node.setAttribute("role", "status");
    this.said = { kind: "", words: "", buttons: /** @type {Button[]} */ ([]) };
  }

  /**
   * Say how things are; nothing to say hides the note.
   *
   * @param {string} kind "busy", "off", "warning", "error" or "".
   * @param {string} words
   * @param {Button[]} buttons
   */
  say(kind, words, buttons = []) {
    this.said = { kind, words, buttons };
    this.show(kind, words, buttons);
  }

  /**
   * Ask in place; the safe answer has the focus, and brings back what was said last.
   *
   * @param {string} question
   * @param {string} verb
   * @param {() => unknown} act
   */
  confirm(question, verb, act) {
    const back = () => this.show(this.said.kind, this.said.words, this.said.buttons);
    this.show("warning", question, [{ label: verb, act }, { label: "Keep it", act: back }]);
    const safe = /** @type {HTMLElement} */ (this.node.querySelector("button:last-of-type"));
    // The button of the toolbar keeps the focus until its click is over.
    requestAnimationFrame(() => safe.focus());
  }

  /**
   * @param {string} kind
   * @param {string} words
   * @param {Button[]} buttons
   */
  show(kind, words, buttons) {
    this.node.dataset.kind = kind;
    write(this.node, words, buttons);
  }
}

/**
 * @param {HTMLElement} node What shows the note.
 * @param {string} words
 * @param {Button[]} buttons
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
