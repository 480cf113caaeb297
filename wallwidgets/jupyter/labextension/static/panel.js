// The panel: a toolbar, a note that says in words how things are, and the Console.

import { Note } from "./note.js";
import { SHOW, Trouble, ask, bindWidgets, connect, pythonKernels, runs } from "./session.js";

const ENDS = "You are logged out, and what it does in the background ends.";
const DIED =
  "The kernel died and was started again. Its login and what it did in the background are gone.";

/**
 * The class of the panel, made from what JupyterLab shares.
 *
 * @param {Record<string, any>} lab
 */
export function panelClass(lab) {
  return class ConsolePanel extends lab.Panel {
    /**
     * @param {object} options
     * @param {any} options.manager JupyterLab's services.
     * @param {any} options.rendermime
     * @param {string} options.version That of this extension.
     * @param {any} options.toolbar
     * @param {any} options.store Keeps the kernel that was chosen.
     * @param {() => void} options.changed Called when there is another kernel, or none.
     */
    constructor({ manager, rendermime, version, toolbar, store, changed }) {
      super();
      this.addClass("wallwidgets-panel");
      this.manager = manager;
      this.version = version;
      this.store = store;
      this.changed = changed;
      this.rendermime = rendermime.clone();
      this.path = `wallwidgets-${lab.PageConfig.getOption("workspace") || "default"}`;
      /** @type {any} */
      this.session = null;
      /** @type {any} */
      this.bound = null;
      this.begun = false;
      this.round = 0;
      const place = new lab.Widget();
      this.note = new Note(place.node);
      this.output = new lab.SimplifiedOutputArea({
        model: new lab.OutputAreaModel({ trusted: true }),
        rendermime: this.rendermime,
      });
      this.output.addClass("wallwidgets-output");
      [toolbar, place, this.output].forEach((each) => this.addWidget(each));
    }

    /** Begin when first looked at: who never opens the panel pays for no kernel. */
    onAfterShow() {
      void this.begin();
    }

    onAfterAttach() {
      if (this.isVisible) {
        void this.begin();
      }
    }

    /** Whether there is a kernel to restart or to shut down. */
    get hasKernel() {
      return Boolean(this.session?.session?.kernel);
    }

    /** Find the kernel again, start the only one there is, or let one be chosen. */
    async begin() {
      if (this.begun) {
        return;
      }
      this.begun = true;
      this.note.say("busy", "Looking for a kernel …");
      await this.attempt(async () => {
        const kernels = await pythonKernels(this.manager);
        const names = Object.keys(kernels);
        if (await runs(this.manager, this.path)) {
          await this.start(undefined);
        } else if (names.length === 0) {
          throw new Trouble("This JupyterLab has no Python kernel. Install ipykernel beside it.");
        } else {
          const chosen = await this.store?.fetch("wallwidgets:kernel");
          const known = names.length === 1 ? names[0] : names.find((each) => each === chosen);
          await (known ? this.start(known) : this.choose());
        }
      });
    }

    /** Show the kernels to choose from. */
    async choose() {
      await this.leave();
      this.begun = true;
      const kernels = await pythonKernels(this.manager);
      const start = (/** @type {string} */ name) => this.attempt(() => this.start(name));
      const buttons = Object.entries(kernels).map(([name, label]) => ({
        label,
        act: () => void this.store?.save("wallwidgets:kernel", name).then(() => start(name)),
      }));
      const words = "Choose the kernel that runs the Console; wallwidgets must be in it.";
      this.note.say("off", words, buttons);
    }

    /** @param {string | undefined} name The kernel to start, if none runs. */
    async start(name) {
      this.note.say("busy", "Starting the kernel …");
      const { round } = this;
      const session = await connect(lab, this.manager, this.path, name);
      if (this.round !== round) {
        await session.shutdown(); // The tab was closed meanwhile.
        session.dispose();
        return;
      }
      this.session = session;
      this.changed();
      const follow = (/** @type {any} */ signal, /** @type {(it: any) => unknown} */ act) =>
        signal.connect((/** @type {any} */ _, /** @type {any} */ it) => {
          if (this.session === session) {
            act(it);
          }
        });
      follow(session.statusChanged, (status) => this.followKernel(status));
      follow(session.connectionStatusChanged, (status) => this.followConnection(status));
      follow(session.sessionChanged, () => session.session || this.end());
      this.bound = await bindWidgets(lab, session, this.rendermime);
      await this.showConsole();
    }

    /** Show the kernel's Console, which is the same one as before the page was loaded again. */
    async showConsole() {
      this.note.say("busy", "Loading wallwidgets in the kernel …");
      this.found = (await ask(this.session, "hello()")).version;
      this.output.model.clear();
      await lab.SimplifiedOutputArea.execute(SHOW, this.output, this.session);
      this.settle();
    }

    /** Say what there is to say while all is well. */
    settle() {
      if (this.died) {
        this.note.say("warning", DIED, [{ label: "Close", act: () => this.forgive() }]);
      } else if (this.found === this.version) {
        this.note.say("", "");
      } else {
        const both = `The kernel has wallwidgets ${this.found}, JupyterLab has ${this.version}.`;
        const remedy = "Install the same version for both, then load the page again.";
        this.note.say("warning", `${both} ${remedy}`);
      }
    }

    /** A death stays said until it was read: a new kernel is there in less than a second. */
    forgive() {
      this.died = false;
      this.settle();
    }

    /** @param {string} words Something went wrong beside the Console, which goes on. */
    complain(words) {
      this.note.say("error", words, [{ label: "Close", act: () => this.settle() }]);
    }

    /** @param {string} status What the kernel is doing now. */
    followKernel(status) {
      this.changed();
      if (status === "restarting" || status === "autorestarting") {
        this.restarting = true;
        this.died = status === "autorestarting";
        this.round += 1;
        this.output.model.clear();
        const words = this.died ? "The kernel died and restarts" : "The kernel restarts";
        this.note.say("busy", `${words} …`);
      } else if (status === "dead") {
        void this.end();
      } else if (status === "idle" && this.restarting) {
        this.restarting = false;
        void this.attempt(() => this.showConsole());
      }
    }

    /** @param {string} status Whether the kernel can be reached. */
    followConnection(status) {
      if (status === "connected" && this.lost) {
        void this.reconnect();
      } else if (status === "connecting" && !this.restarting && this.output.model.length) {
        this.lost = true;
        this.note.say("warning", "The connection to the kernel is lost; trying again …");
      } else if (status === "disconnected" && this.lost) {
        const again = { label: "Try again", act: () => void this.reconnect() };
        this.note.say("error", "The connection to the kernel is lost.", [again]);
      }
    }

    /**
     * Connect anew, as if the page were loaded again: what was under way when the line broke has no
     * answer, and the control that waits for one would stay deaf.
     */
    async reconnect() {
      const { session, bound } = this.detach();
      this.note.say("busy", "Connecting to the kernel again …");
      bound?.dispose();
      session?.dispose();
      await this.attempt(async () => {
        await ((await runs(this.manager, this.path)) ? this.start(undefined) : this.end());
      });
    }

    /** Let the kernel go, if it is still there, and say so. */
    async end() {
      await this.leave();
      this.note.say("off", "The kernel has ended.", [
        { label: "Start it again", act: () => void this.begin() },
      ]);
    }

    /** Hear no more of the session, which is the caller's from here on. */
    detach() {
      const { session, bound } = this;
      this.session = this.bound = null;
      this.round += 1;
      this.restarting = this.died = this.lost = false;
      this.output.model.clear();
      this.changed();
      return { session, bound };
    }

    /** End the session; the next one must not find it again. */
    async leave() {
      const { session, bound } = this.detach();
      this.note.say("busy", "The kernel is shut down …");
      try {
        await session?.shutdown();
      } catch (error) {
        console.warn("wallwidgets: the kernel was gone before it was shut down.", error);
      }
      session?.dispose();
      bound?.dispose();
      this.begun = false;
    }

    restart() {
      const act = () => this.session?.restartKernel();
      this.note.confirm(`Restart the kernel? ${ENDS}`, "Restart", act);
    }

    shutDown() {
      this.note.confirm(`Shut the kernel down? ${ENDS}`, "Shut down", () => this.end());
    }

    chooseAgain() {
      if (this.hasKernel) {
        this.note.confirm(`Choose another kernel? ${ENDS}`, "Choose another", () => this.choose());
      } else {
        void this.choose();
      }
    }

    /** What was done in the panel so far, as a notebook for the same kind of kernel. */
    async notebook() {
      const content = await ask(this.session, "notebook()");
      const name = this.session.session.kernel.name;
      content.metadata.kernelspec = { name, display_name: this.session.kernelDisplayName };
      return content;
    }

    /**
     * Do something, and say in words what went wrong.
     *
     * @param {() => Promise<void>} action
     */
    async attempt(action) {
      const { round } = this;
      try {
        await action();
      } catch (error) {
        if (this.round !== round) {
          return; // What was asked of a kernel goes with it, and that it went is said already.
        }
        let words = /** @type {Error} */ (error).message;
        if (!(error instanceof Trouble)) {
          console.error(error);
        } else if (error.byInstalling) {
          words += ` Run “pip install wallwidgets==${this.version}” there, or choose another.`;
        }
        this.note.say("error", words, [
          { label: "Try again", act: () => void this.again() },
          { label: "Choose a kernel", act: () => void this.choose() },
        ]);
      }
    }

    async again() {
      await this.leave();
      await this.begin();
    }
  };
}
