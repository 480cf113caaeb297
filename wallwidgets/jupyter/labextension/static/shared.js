// The one fragile seam: what we take from the page at run time. Everything is named here, and a
// browser test says which name is gone when a release of JupyterLab or ipywidgets drops it.

/** @type {Record<string, string[]>} */
export const USED = {
  "@jupyterlab/application": ["ILabShell", "ILayoutRestorer"],
  "@jupyterlab/apputils": ["ICommandPalette", "MainAreaWidget", "SessionContext", "WidgetTracker"],
  "@jupyterlab/coreutils": ["PageConfig"],
  "@jupyterlab/launcher": ["ILauncher"],
  "@jupyterlab/outputarea": ["OutputAreaModel", "SimplifiedOutputArea"],
  "@jupyterlab/rendermime": ["IRenderMimeRegistry"],
  "@jupyterlab/statedb": ["IStateDB"],
  "@jupyterlab/ui-components": [
    "CommandToolbarButton",
    "LabIcon",
    "Toolbar",
    "codeIcon",
    "kernelIcon",
    "launchIcon",
    "refreshIcon",
    "stopIcon",
    "undoIcon",
  ],
  "@lumino/widgets": ["Panel", "Widget"],
  "@jupyter-widgets/jupyterlab-manager": ["registerWidgetManager"],
};

/**
 * Everything that is used, by its own name, and what the page does not have.
 *
 * @param {Record<string, Record<string, any>>} scope The modules that the page shares.
 * @returns {Promise<{lab: Record<string, any>, missing: string[]}>}
 */
export async function take(scope) {
  /** @type {Record<string, any>} */
  const lab = {};
  /** @type {string[]} */
  const missing = [];
  for (const [name, exports] of Object.entries(USED)) {
    const module = await load(scope[name]);
    for (const each of exports) {
      if (module?.[each] === undefined) {
        missing.push(`${each} of ${name}`);
      }
      lab[each] = module?.[each];
    }
  }
  return { lab, missing };
}

/**
 * The version that the page uses itself: one that runs already, else the newest.
 *
 * @param {Record<string, any> | undefined} versions
 */
async function load(versions) {
  const names = Object.keys(versions ?? {});
  if (!versions || names.length === 0) {
    return undefined;
  }
  const newest = (/** @type {string} */ a, /** @type {string} */ b) =>
    b.localeCompare(a, "en", { numeric: true });
  const chosen = names.find((name) => versions[name].loaded) ?? names.sort(newest)[0];
  return (await versions[chosen].get())();
}
