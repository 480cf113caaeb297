// The plugin: asks JupyterLab for what it needs, and puts the panel into it.

import { icon } from "./icon.js";
import { write } from "./note.js";
import { Place } from "./place.js";
import { take } from "./shared.js";

/**
 * Our plugins for a page; none where the page is not like JupyterLab, such as Voila.
 *
 * @param {Record<string, Record<string, any>>} scope The modules that the page shares.
 * @param {string} version That of this extension.
 */
export async function plugins(scope, version) {
  const { lab, missing } = await take(scope);
  if (!lab.ILabShell || !lab.LabIcon || !lab.Panel) {
    return [];
  }
  const tokens = {
    shell: lab.ILabShell,
    restorer: lab.ILayoutRestorer,
    store: lab.IStateDB,
    palette: lab.ICommandPalette,
    launcher: lab.ILauncher,
    rendermime: lab.IRenderMimeRegistry,
  };
  const known = Object.entries(tokens).filter(([, token]) => token);
  return [
    {
      id: "wallwidgets:console",
      description: "The Wallaroo console in the side bar.",
      autoStart: true,
      // All are optional: Notebook 7 loads this too, and has no such shell.
      optional: known.map(([, token]) => token),
      activate(/** @type {any} */ app, /** @type {any[]} */ ...given) {
        const page = Object.fromEntries(known.map(([name], index) => [name, given[index]]));
        if (page.shell) {
          addStyle();
          activate(lab, missing, version, { ...page, app });
        }
      },
    },
  ];
}

/**
 * @param {Record<string, any>} lab
 * @param {string[]} missing
 * @param {string} version
 * @param {Record<string, any>} page
 */
function activate(lab, missing, version, page) {
  const side = new lab.Panel();
  side.id = "wallwidgets-side";
  side.addClass("wallwidgets-side");
  side.title.icon = icon(lab);
  side.title.caption = "Wallaroo";
  page.shell.add(side, "left", { rank: 700 });
  page.restorer?.add(side, side.id);
  if (missing.length === 0) {
    new Place(lab, version, page, side);
    return;
  }
  const words = new lab.Widget();
  const lacks = `lacks ${missing.join(", ")}. Update both.`;
  write(words.node, `wallwidgets ${version} does not fit this JupyterLab, which ${lacks}`);
  side.addWidget(words);
}

function addStyle() {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("style.css", import.meta.url).href;
  document.head.append(style);
}
