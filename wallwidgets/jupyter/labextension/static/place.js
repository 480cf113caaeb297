// Where the panel is, in the side bar or in a tab, and the commands that reach it.

import { write } from "./note.js";
import { panelClass } from "./panel.js";

const OPEN = "wallwidgets:open";
const OPEN_TAB = "wallwidgets:open-in-tab";
const TO_SIDE = "wallwidgets:move-to-side-bar";
const NOTEBOOK = "wallwidgets:open-as-notebook";
const RESTART = "wallwidgets:restart-kernel";
const KERNEL = "wallwidgets:choose-kernel";
const SHUT_DOWN = "wallwidgets:shut-down-kernel";
const TOOLS = [OPEN_TAB, TO_SIDE, NOTEBOOK, KERNEL, RESTART, SHUT_DOWN];

/** One panel, which moves; while it is in a tab, the side bar says so. */
export class Place {
  /**
   * @param {Record<string, any>} lab
   * @param {string} version
   * @param {Record<string, any>} page What JupyterLab gave.
   * @param {any} side
   */
  constructor(lab, version, page, side) {
    this.lab = lab;
    this.version = version;
    this.page = page;
    this.side = side;
    /** @type {any} */
    this.tab = null;
    this.tracker = new lab.WidgetTracker({ namespace: "wallwidgets" });
    this.addCommands();
    this.panel = this.make();
    this.toSide();
    const name = () => "console";
    void page.restorer?.restore(this.tracker, { command: OPEN_TAB, name });
  }

  /** A panel that begins when it is first seen. */
  make() {
    const { lab, page } = this;
    const { commands } = page.app;
    const toolbar = new lab.Toolbar();
    const title = new lab.Widget();
    title.addClass("wallwidgets-title");
    title.node.textContent = "Wallaroo";
    toolbar.addItem("title", title);
    for (const id of TOOLS) {
      toolbar.addItem(id, new lab.CommandToolbarButton({ commands, id, label: "" }));
    }
    const Panel = panelClass(lab);
    return new Panel({
      manager: page.app.serviceManager,
      rendermime: page.rendermime,
      store: page.store,
      version: this.version,
      changed: () => this.changed(),
      toolbar,
    });
  }

  /** Show the panel where it is. */
  open() {
    this.page.shell.activateById(this.tab ? this.tab.id : this.side.id);
  }

  /** Move the panel into a tab; closing the tab ends its kernel. */
  openTab() {
    if (!this.tab) {
      const content = this.panel;
      const tab = (this.tab = new this.lab.MainAreaWidget({ content }));
      tab.id = "wallwidgets-tab";
      Object.assign(tab.title, { label: "Wallaroo", icon: this.side.title.icon, closable: true });
      tab.disposed.connect(() => {
        this.tab = null;
        if (content.parent === tab) {
          // Closed, not moved: the kernel ends, and the panel is back where it can begin again.
          this.toSide();
          void content.end();
        }
      });
      this.page.shell.add(tab, "main");
      void this.tracker.add(tab);
      this.sayWhere();
      this.changed();
    }
    this.open();
  }

  /** Put the panel into the side bar; from a tab it comes with its kernel. */
  toSide() {
    const { tab } = this;
    if (this.panel.parent === this.side) {
      return;
    }
    const words = this.side.widgets[0];
    this.side.addWidget(this.panel);
    words?.dispose();
    tab?.dispose();
    this.changed();
  }

  /** Tell the commands that what they can do is another thing now. */
  changed() {
    // Buttons of a toolbar hear of their own command only.
    TOOLS.forEach((id) => this.page.app.commands.notifyCommandChanged(id));
  }

  /** What the side bar says while the panel is in a tab. */
  sayWhere() {
    const words = new this.lab.Widget();
    write(words.node, "The Console is open in a tab.", [
      { label: "Show the tab", act: () => this.open() },
      { label: "Move it here", act: () => this.toSide() },
    ]);
    this.side.addWidget(words);
  }

  /** Put what was done in the panel into a new notebook, as code. */
  async openAsNotebook() {
    const { app } = this.page;
    const { contents } = app.serviceManager;
    try {
      const content = await this.panel.notebook();
      const { path } = await contents.newUntitled({ type: "notebook" });
      await contents.save(path, { type: "notebook", format: "json", content });
      await app.commands.execute("docmanager:open", { path });
    } catch (error) {
      this.panel.complain(`The notebook was not made. ${/** @type {Error} */ (error).message}`);
    }
  }

  addCommands() {
    const { lab, page } = this;
    const hasKernel = () => Boolean(this.panel?.hasKernel);
    const inTab = () => Boolean(this.tab);
    const mark = this.side.title.icon;
    const add = (
      /** @type {string} */ id,
      /** @type {string} */ label,
      /** @type {any} */ icon,
      /** @type {() => unknown} */ execute,
      /** @type {Record<string, unknown>} */ others,
    ) => {
      const options = { label, caption: label, icon, execute, ...others };
      page.app.commands.addCommand(id, options);
      page.palette?.addItem({ command: id, category: "Wallaroo" });
    };
    add(OPEN, "Open the Wallaroo Console", mark, () => this.open(), {});
    add(OPEN_TAB, "Open the Wallaroo Console in a tab", lab.launchIcon, () => this.openTab(), {
      icon: (/** @type {any} */ args) => (args.isLauncher ? mark : lab.launchIcon),
      label: (/** @type {any} */ args) =>
        args.isLauncher ? "Wallaroo" : "Open the Wallaroo Console in a tab",
      isVisible: () => !inTab(),
    });
    const toSide = () => {
      this.toSide();
      this.open();
    };
    add(TO_SIDE, "Move Wallaroo to the side bar", lab.undoIcon, toSide, { isVisible: inTab });
    const needs = { isEnabled: hasKernel };
    add(NOTEBOOK, "Open as notebook", lab.codeIcon, () => this.openAsNotebook(), needs);
    add(RESTART, "Restart Wallaroo's kernel", lab.refreshIcon, () => this.panel.restart(), needs);
    add(KERNEL, "Choose Wallaroo's kernel", lab.kernelIcon, () => this.panel.chooseAgain(), {});
    add(SHUT_DOWN, "Shut down Wallaroo's kernel", lab.stopIcon, () => this.panel.shutDown(), needs);
    page.launcher?.add({ command: OPEN_TAB, category: "Other", args: { isLauncher: true } });
  }
}
