// The panel's kernel: found again or started, asked, and told apart from one without wallwidgets.

const HERE = '__import__("wallwidgets.jupyter.session", fromlist=["_"])';
const WIDGET = "application/vnd.jupyter.widget-view+json";
const WAIT_MS = 10_000;
let bindings = 0;

/** What is wrong, in words that the panel shows. */
export class Trouble extends Error {
  /**
   * @param {string} words
   * @param {boolean} byInstalling Whether wallwidgets in that kernel would mend it.
   */
  constructor(words, byInstalling = false) {
    super(words);
    this.byInstalling = byInstalling;
  }
}

/**
 * The kernels that can run Python, by name; the server's own one first.
 *
 * @param {any} manager JupyterLab's services.
 * @returns {Promise<Record<string, string>>} What each is called.
 */
export async function pythonKernels(manager) {
  await manager.kernelspecs.ready;
  const specs = Object.values(manager.kernelspecs.specs?.kernelspecs ?? {});
  const own = (/** @type {any} */ each) => Number(each.name === manager.kernelspecs.specs.default);
  const python = specs.filter((each) => each.language === "python");
  python.sort((a, b) => own(b) - own(a));
  return Object.fromEntries(python.map((each) => [each.name, each.display_name]));
}

/**
 * Whether a kernel of ours runs already, as after the page was loaded again.
 *
 * @param {any} manager
 * @param {string} path
 */
export async function runs(manager, path) {
  await manager.sessions.ready;
  await manager.sessions.refreshRunning();
  return Array.from(manager.sessions.running()).some((each) => each.path === path);
}

/**
 * A session with a kernel: the one that has the path, else a new one.
 *
 * @param {Record<string, any>} lab
 * @param {any} manager
 * @param {string} path
 * @param {string | undefined} kernel
 */
export async function connect(lab, manager, path, kernel) {
  const session = new lab.SessionContext({
    sessionManager: manager.sessions,
    specsManager: manager.kernelspecs,
    kernelManager: manager.kernels,
    path,
    name: "Wallaroo",
    type: "wallwidgets",
    kernelPreference: { name: kernel, autoStartDefault: true },
  });
  if (await session.initialize()) {
    session.dispose();
    throw new Trouble("The kernel did not start.");
  }
  return session;
}

/**
 * Let the widgets of a kernel appear where the rendermime is used. The seam: ipywidgets offers
 * this to notebooks, and says in no other way that it is done than by a factory of its own.
 *
 * @param {Record<string, any>} lab
 * @param {any} session
 * @param {any} rendermime
 */
export async function bindWidgets(lab, session, rendermime) {
  const before = rendermime.getFactory(WIDGET);
  const never = { connect: () => true };
  const sessionContext = underAnotherId(session, `wallwidgets-${(bindings += 1)}`);
  const context = { sessionContext, saveState: never, model: { getMetadata: () => null } };
  const bound = lab.registerWidgetManager(context, rendermime, []);
  const until = Date.now() + WAIT_MS;
  while (rendermime.getFactory(WIDGET) === before) {
    if (Date.now() > until) {
      throw new Trouble("This JupyterLab has no widgets. Install ipywidgets 8.1 or newer beside it.");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return bound;
}

/**
 * A session whose kernel seems to have another id. ipywidgets keeps the widgets of an id for as long
 * as the page lives, also those that wait for an answer which was lost with the connection.
 *
 * @param {any} session
 * @param {string} id
 */
function underAnotherId(session, id) {
  const but = (/** @type {any} */ it, /** @type {Record<string, () => any>} */ others) =>
    new Proxy(it, { get: (_, name) => (others[String(name)] ?? (() => it[name]))() });
  const kernel = () => session.session?.kernel && but(session.session.kernel, { id: () => id });
  return but(session, { session: () => session.session && but(session.session, { kernel }) });
}

/**
 * Ask our module in the kernel.
 *
 * @param {any} session
 * @param {string} call Such as "hello()".
 * @returns {Promise<any>} What it says, as JSON.
 */
export async function ask(session, call) {
  const kernel = session.session?.kernel;
  const question = { code: "", silent: true, store_history: false };
  const reply = await kernel.requestExecute({
    ...question,
    user_expressions: { answer: `${HERE}.${call}` },
  }).done;
  const answer = reply.content.user_expressions?.answer;
  if (answer?.status !== "ok") {
    throw refusal(session.kernelDisplayName, answer ?? reply.content);
  }
  return answer.data["application/json"];
}

/** The code that shows the Console. */
export const SHOW = `${HERE}.show()`;

/**
 * Why the kernel cannot show the Console.
 *
 * @param {string} kernel
 * @param {{ename?: string, evalue?: string}} error
 */
function refusal(kernel, { ename = "", evalue = "" }) {
  const name = /No module named '([^']+)'/.exec(evalue)?.[1] ?? "";
  if (ename === "ModuleNotFoundError" && name === "wallwidgets") {
    return new Trouble(`wallwidgets is not installed in the kernel “${kernel}”.`, true);
  }
  if (ename === "ModuleNotFoundError" && name.startsWith("wallwidgets.")) {
    return new Trouble(`The wallwidgets in the kernel “${kernel}” is too old.`, true);
  }
  return new Trouble(`wallwidgets does not work in the kernel “${kernel}”: ${ename}: ${evalue}`);
}
