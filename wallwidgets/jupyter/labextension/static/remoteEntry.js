// JupyterLab loads this file as a script and asks it for the extension. It is written by hand in
// the form that a bundler would give it (webpack's module federation), so nothing needs building.
(() => {
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const page = /** @type {any} */ (window);
  /** @type {Record<string, Record<string, any>>} */
  let shared = {};

  page._JUPYTERLAB = page._JUPYTERLAB ?? {};
  page._JUPYTERLAB.wallwidgets = {
    /** @param {typeof shared} scope The modules that the page shares, by name and version. */
    init(scope) {
      shared = scope;
    },

    /** Gives a factory of the module with our plugins. */
    async get() {
      const { plugins } = await import(new URL("extension.js", src).href);
      const { version } = await (await fetch(new URL("../package.json", src))).json();
      const made = await plugins(shared, version);
      return () => ({ __esModule: true, default: made });
    },
  };
})();
