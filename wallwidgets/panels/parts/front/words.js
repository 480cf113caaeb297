/** Text from Python as a small tree of spans; nothing in it is ever read as HTML. */
const COLOUR = /^(#[0-9a-f]{6}|rgba?\([\d., ]+\))$/i;
const TAGS = new Set(["span", "div", "h2", "h3", "strong"]);

function build(node) {
  const isLink = node.href && /^https?:\/\//i.test(node.href);
  const made = document.createElement(isLink ? "a" : TAGS.has(node.tag) ? node.tag : "span");
  if (isLink) {
    made.href = node.href;
    made.target = "_blank";
    made.rel = "noopener noreferrer";
  }
  if (node.css) made.className = node.css;
  if (COLOUR.test(node.colour ?? "")) made.style.color = node.colour;
  if (node.kind) made.dataset.kind = node.kind;
  if (node.title) made.title = node.title;
  if (node.hidden) made.setAttribute("aria-hidden", "true");
  if (node.text) made.textContent = node.text;
  made.append(...(node.parts ?? []).map(build));
  return made;
}

function render({ model, el }) {
  const show = () => {
    const content = model.get("content");
    el.classList.add("ww-words");
    el.hidden = content.length === 0;
    el.replaceChildren(...content.map(build));
  };
  model.on("change:content", show);
  show();
}
export default { render };
