/** Loads Plotly for figure.js, once per page. */
function initialize({ model }) {
  const script = new Blob([model.get("code")], { type: "text/javascript" });
  globalThis.wallwidgetsPlotly ??= import(URL.createObjectURL(script));
}
export default { initialize };
