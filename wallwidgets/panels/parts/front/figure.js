/** A figure of Plotly's own widget, whose script comes by bundle.js. */
async function plotly() {
  while (!globalThis.wallwidgetsPlotly) await new Promise((done) => setTimeout(done, 20));
  return (await globalThis.wallwidgetsPlotly).default;
}

export default () => {
  let real;
  return {
    async initialize(context) {
      real = (await plotly())();
      await real.initialize(context);
      context.model.set("ready", true);
      context.model.save_changes();
    },
    render(context) {
      return real.render(context);
    },
  };
};
