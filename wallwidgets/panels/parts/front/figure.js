/** A figure of Plotly's own widget, whose script comes by bundle.js. */
async function plotly() {
  while (!globalThis.wallwidgetsPlotly) await new Promise((done) => setTimeout(done, 20));
  return (await globalThis.wallwidgetsPlotly).default;
}

/** Where the layout tells no height, Plotly's widget first draws 360 px; so it is told that of the box. */
function withHeight(model) {
  const layout = () => ({ ...model.get("_widget_layout"), height: model.get("height_px") });
  return { ...model, get: (name) => (name === "_widget_layout" ? layout() : model.get(name)) };
}

/** The words of the point that is nearest sideways: above and below a marker counts as the marker. */
function nearest(figure, clientX) {
  const plot = figure.querySelector(".nsewdrag")?.getBoundingClientRect();
  const axis = figure._fullLayout?.xaxis;
  let best = { far: Infinity };
  if (!plot || !axis) return undefined;
  figure.calcdata.forEach((points, trace) => {
    const words = figure.data[trace].customdata;
    if (!words?.length) return;
    for (const [at, { x }] of points.entries()) {
      const far = Math.abs(axis.c2p(x) - (clientX - plot.left));
      if (far < best.far) best = { far, words: words[at] };
    }
  });
  return best.words;
}

export default () => {
  let real;
  return {
    async initialize(context) {
      real = (await plotly())();
      await real.initialize({ ...context, model: withHeight(context.model) });
      context.model.set("ready", true);
      context.model.save_changes();
    },
    render(context) {
      const { el, model } = context;
      const height = () => (el.style.height = `${model.get("height_px")}px`);
      height();
      model.on("change:height_px", height);
      const label = () => el.setAttribute("aria-label", model.get("label"));
      el.setAttribute("role", "group");
      label();
      model.on("change:label", label);
      let end;
      // Drawn before it is in the page, or in a hidden tab, it would be drawn twice.
      const sizes = new ResizeObserver(() => {
        if (!el.clientWidth) return;
        if (end) window.dispatchEvent(new Event("resize"));
        else end = real.render(context);
      });
      sizes.observe(el);
      el.addEventListener("click", ({ target, clientX }) => {
        if (!model.get("picks") || !target.closest(".nsewdrag")) return;
        const words = nearest(el, clientX);
        if (words) model.send({ do: "pick", words });
      });
      return () => {
        sizes.disconnect();
        end?.();
      };
    },
  };
};
