/** A page of a table: sort by its heads, select a row by mouse and keys. Python holds the rest. */
function node(tag, css, text) {
  const made = document.createElement(tag);
  if (css) made.className = css;
  if (text !== undefined) made.textContent = text;
  return made;
}

function cell(value, column) {
  const made = node("td", `ww-col-${column.kind} ww-rank${column.rank}`);
  const { text, title, kind } = value;
  const inner = node("span", kind ? "ww-chip" : "ww-cell");
  if (kind) {
    inner.dataset.kind = kind;
    const shape = node("span", "ww-shape");
    shape.setAttribute("aria-hidden", "true");
    inner.append(shape, node("span", "", text));
  } else {
    inner.textContent = text;
  }
  if (title) inner.title = title;
  made.append(inner);
  return made;
}

function render({ model, el }) {
  el.classList.add("ww-table");
  const scroll = node("div", "ww-scroll");
  const table = node("table");
  table.setAttribute("role", "grid");
  const head = node("thead");
  const body = node("tbody");
  table.append(head, body);
  scroll.append(table);
  const foot = node("div", "ww-foot");
  const count = node("span", "ww-count");
  const previous = node("button", "ww-plain", "Previous");
  const pages = node("span", "ww-pages");
  const next = node("button", "ww-plain", "Next");
  foot.append(count, previous, pages, next);
  el.append(scroll, foot);

  /** Where the keyboard is: a head, or a row. */
  const stops = () => [...head.querySelectorAll("button"), ...body.querySelectorAll("tr[data-id]")];
  const moveStop = (stop) => {
    for (const each of stops()) each.tabIndex = each === stop ? 0 : -1;
  };
  const ask = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  const showHead = () => {
    const focused = [...head.querySelectorAll("button")].indexOf(document.activeElement);
    const { by, descending } = model.get("order");
    const row = node("tr");
    for (const column of model.get("columns")) {
      const th = node("th", `ww-col-${column.kind} ww-rank${column.rank}`);
      th.scope = "col";
      const button = node("button", "", column.title);
      button.type = "button";
      button.tabIndex = -1;
      const sorted = column.key === by;
      th.setAttribute("aria-sort", sorted ? (descending ? "descending" : "ascending") : "none");
      button.addEventListener("click", () =>
        ask("order", { by: column.key, descending: sorted && !descending }),
      );
      th.append(button);
      row.append(th);
    }
    head.replaceChildren(row);
    if (focused >= 0) head.querySelectorAll("button")[focused]?.focus();
  };

  const showSelection = () => {
    const chosen = model.get("chosen");
    let stop = null;
    for (const row of body.querySelectorAll("tr[data-id]")) {
      const selected = Number(row.dataset.id) === chosen;
      row.setAttribute("aria-selected", String(selected));
      if (selected) stop = row;
    }
    moveStop(stop ?? body.querySelector("tr[data-id]") ?? head.querySelector("button"));
  };

  const showPage = () => {
    const page = model.get("shown");
    const columns = model.get("columns");
    const hadFocus = body.contains(document.activeElement);
    el.classList.toggle("ww-loading", page.loading);
    table.setAttribute("aria-busy", String(page.loading));
    table.setAttribute("aria-label", model.get("noun"));
    const rows = page.rows.map(({ id, cells }) => {
      const row = node("tr");
      row.dataset.id = id;
      row.append(...cells.map((value, index) => cell(value, columns[index])));
      return row;
    });
    for (let each = 0; each < page.skeletons; each += 1) {
      const row = node("tr", "ww-skeleton");
      for (const column of columns) {
        const td = node("td", `ww-col-${column.kind} ww-rank${column.rank}`);
        td.append(node("span"));
        row.append(td);
      }
      rows.push(row);
    }
    body.replaceChildren(...rows);
    scroll.hidden = Boolean(page.empty);
    count.textContent = page.empty || page.count;
    pages.textContent = `${page.number} of ${page.of}`;
    for (const each of [previous, pages, next]) each.hidden = page.of < 2;
    previous.disabled = page.number <= 1;
    next.disabled = page.number >= page.of;
    showSelection();
    if (hadFocus) (body.querySelector("tr[tabindex='0']") ?? table).focus();
  };

  const turn = (step) => {
    const page = model.get("shown");
    const number = Math.min(page.of, Math.max(1, page.number + step));
    if (number !== page.number) ask("page", number);
  };
  const select = (row) => {
    if (!row) return;
    if (model.get("selectable")) ask("chosen", Number(row.dataset.id));
    showSelection();
    moveStop(row);
    row.focus();
  };

  const rowKey = (event, row) => {
    const rows = [...body.querySelectorAll("tr[data-id]")];
    const at = rows.indexOf(row);
    if (event.key === "ArrowDown") select(rows[at + 1]);
    else if (event.key === "ArrowUp" && at === 0) head.querySelector("button")?.focus();
    else if (event.key === "ArrowUp") select(rows[at - 1]);
    else if (event.key === "Home") select(rows[0]);
    else if (event.key === "End") select(rows[rows.length - 1]);
    else if (event.key === "PageDown") turn(1);
    else if (event.key === "PageUp") turn(-1);
    else if (event.key === " ") select(row);
    else if (event.key === "Enter") {
      select(row);
      model.send({ do: "open", id: Number(row.dataset.id) });
    } else return false;
    return true;
  };
  const headKey = (event, button) => {
    const buttons = [...head.querySelectorAll("button")].filter((each) => each.offsetParent);
    const at = buttons.indexOf(button);
    if (event.key === "ArrowRight") buttons[at + 1]?.focus();
    else if (event.key === "ArrowLeft") buttons[at - 1]?.focus();
    else if (event.key === "ArrowDown") select(body.querySelector("tr[data-id]"));
    else return false;
    return true;
  };
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest("tr[data-id]");
    const button = event.target.closest("thead button");
    if ((row && rowKey(event, row)) || (button && headKey(event, button))) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  body.addEventListener("click", (event) => select(event.target.closest("tr[data-id]")));
  body.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tr[data-id]");
    if (row) model.send({ do: "open", id: Number(row.dataset.id) });
  });
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));

  // Ten rows fit a side bar; the width that counts is that of the panel.
  let waiting = 0;
  const widths = new ResizeObserver(() => {
    const root = el.closest(".ww-panel");
    if (!root || !root.clientWidth) return;
    const rows = root.clientWidth < 400 ? 10 : 25;
    if (model.get("page_size") !== rows) ask("page_size", rows);
  });
  const attach = () => {
    const root = el.closest(".ww-panel");
    if (root) widths.observe(root);
    else waiting = requestAnimationFrame(attach);
  };
  attach();
  model.on("change:columns change:order", showHead);
  model.on("change:columns change:shown", showPage);
  model.on("change:chosen", showSelection);
  model.on("msg:custom", (message) => {
    if (message.do === "focus") body.querySelector("tr[tabindex='0']")?.focus();
  });
  showHead();
  showPage();
  return () => {
    cancelAnimationFrame(waiting);
    widths.disconnect();
  };
}
export default { render };
