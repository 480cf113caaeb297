/** The invisible part of every panel: theme, width, keyboard and focus. */
const FOCUSABLE = "button, summary, a[href], input, select, textarea, [tabindex], .js-plotly-plot";
const SETTLE_MS = 200;
const STEP_PX = 40;
const SUPPRESS = "data-lm-suppress-shortcuts";

/** What has its value already is left alone: whoever watches attributes would look again. */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** JupyterLab takes single keys such as `a` and `d d`, except in text fields and from marked elements. */
function mark(root) {
  for (const each of root.querySelectorAll(FOCUSABLE)) {
    if (!each.matches(":read-write")) set(each, SUPPRESS, "true");
  }
  for (const each of root.querySelectorAll(".ww-segments button")) {
    set(each, "aria-pressed", String(each.classList.contains("mod-active")));
  }
  // Lumino leaves the stop of the Tab key at a tab that was current before.
  for (const each of root.querySelectorAll(".lm-TabBar-tab")) {
    set(each, "tabindex", each.classList.contains("lm-mod-current") ? "0" : "-1");
  }
}

/** A form that opens takes the focus, once its first field is there. */
function focusOpened(root) {
  const field = root.querySelector(".ww-opens :is(input, select)");
  if (!field) return;
  field.closest(".ww-opens").classList.remove("ww-opens");
  if (document.activeElement === document.body || root.contains(document.activeElement)) field.focus();
}

const isUsable = (each) => !each.disabled && each.checkVisibility({ visibilityProperty: true });

/** The button of a row that is meant next; never one that cannot be undone. */
function nextButton(scope) {
  const buttons = [...scope.querySelectorAll("button:not(.ww-danger, .ww-do)")];
  const usable = buttons.filter((each) => each.closest(".ww-actions") && isUsable(each));
  return usable.find((each) => each.matches(".ww-primary")) ?? usable[0];
}

/** A control that is hidden or switched off hands its focus on, or a keyboard would lose its place. */
function keepFocus(root) {
  let last = null;
  let around = [];
  let timer = 0;
  const entered = ({ target }) => {
    last = target.closest(".ww-panel") === root ? target : null;
    around = [];
    for (let each = last; each && each !== root; each = each.parentElement) around.push(each.parentElement);
  };
  const left = () => {
    if (last && isUsable(last) && document.hasFocus()) last = null;
  };
  const look = () => {
    timer = 0;
    const active = document.activeElement;
    if (!last || (active !== document.body && active !== last) || !root.checkVisibility()) return;
    // What is only switched off comes back, or is replaced in its row.
    const near = last.checkVisibility() ? around.filter((each) => each.matches(".ww-actions")) : around;
    const others = near.filter((each) => each.checkVisibility()).map(nextButton);
    const next = isUsable(last) ? last : others.find(Boolean);
    if (next !== active) next?.focus({ preventScroll: true });
  };
  root.addEventListener("focusin", entered);
  root.addEventListener("focusout", left);
  return {
    // Once all that an answer changes has arrived.
    changed: () => (timer ||= setTimeout(look, SETTLE_MS)),
    stop: () => {
      clearTimeout(timer);
      root.removeEventListener("focusin", entered);
      root.removeEventListener("focusout", left);
    },
  };
}

function onKey(event, root) {
  const target = event.target;
  // A panel in a Console answers its keys itself.
  if (target.closest(".ww-panel") !== root) return;
  if (event.key === "Escape") {
    const asking = target.closest(".ww-asking") ?? root.querySelector(".ww-asking");
    const keep = asking?.querySelector(".ww-keep");
    if (keep) {
      event.stopPropagation();
      keep.click();
    }
  } else if (event.key === "Enter" && target.matches(".ww-form input:not([list])")) {
    // ipywidgets sends the last letters only once the kernel has answered the ones before.
    setTimeout(() => root.querySelector(".ww-primary:not(:disabled)")?.click(), 200);
  }
}

/** A column that stays while others scroll below it needs the colour that the panel lies on. */
function takeGround(root) {
  const clear = "rgba(0, 0, 0, 0)";
  let each = root;
  while (each.parentElement && getComputedStyle(each).backgroundColor === clear) each = each.parentElement;
  root.style.setProperty("--ww-ground", getComputedStyle(each).backgroundColor);
}

function attach(model, root) {
  const tell = (traits) => {
    const changed = Object.entries(traits).filter(([name, value]) => model.get(name) !== value);
    for (const [name, value] of changed) model.set(name, value);
    if (changed.length) model.save_changes();
  };
  const theme = () => {
    takeGround(root);
    tell({ dark: document.body.dataset.jpThemeLight === "false" });
  };
  let width = 0;
  const resized = () => {
    if (!root.clientWidth) return tell({ shown: false });
    if (root.clientWidth === width) return tell({ shown: true });
    width = root.clientWidth;
    const width_class = width < 400 ? "narrow" : width < 720 ? "medium" : "wide";
    // In one message, so that nothing is drawn for another width first.
    tell({ width_class, width_px: width - (width % STEP_PX), shown: true });
    if (root.querySelector(".js-plotly-plot")) window.dispatchEvent(new Event("resize"));
  };
  const focus = (message) => {
    const active = document.activeElement;
    const isHere = active === document.body || active.contains(root) || root.contains(active);
    // Somebody who went on elsewhere is not called back.
    if (!isHere) return;
    if (message.do === "focus-tab") {
      // The bar marks its tab with the next frame.
      const tab = () => root.querySelector(".lm-TabBar-tab.lm-mod-current")?.focus({ preventScroll: true });
      requestAnimationFrame(() => requestAnimationFrame(tab));
    }
    if (message.do === "focus-bad") {
      [...root.querySelectorAll("[aria-invalid=true]")].find((each) => each.offsetParent)?.focus();
    }
  };
  const key = (event) => onKey(event, root);
  const themes = new MutationObserver(theme);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const widths = new ResizeObserver(resized);
  widths.observe(root);
  const focused = keepFocus(root);
  const later = new MutationObserver(() => {
    focused.changed();
    mark(root);
    focusOpened(root);
  });
  later.observe(root, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["tabindex", "class", "disabled", "hidden"],
  });
  root.addEventListener("keydown", key);
  model.on("msg:custom", focus);
  theme();
  resized();
  mark(root);
  return () => {
    for (const each of [themes, widths, later]) each.disconnect();
    focused.stop();
    root.removeEventListener("keydown", key);
    model.off("msg:custom", focus);
    tell({ shown: false });
  };
}

function render({ model, el }) {
  el.classList.add("ww-frame");
  let detach = () => {};
  let waiting = 0;
  // A view is rendered before it is put into the page.
  const wait = () => {
    const root = el.closest(".ww-panel");
    if (root && el.isConnected) detach = attach(model, root);
    else waiting = requestAnimationFrame(wait);
  };
  wait();
  return () => {
    cancelAnimationFrame(waiting);
    detach();
  };
}
export default { render };
