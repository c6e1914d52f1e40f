/**
 * Chromium without a screen, told by its DevTools protocol over a pipe what a person would do:
 * go to an address, read, press a button. `needs("chromium")`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MINIMAL_ENV } from "./run.ts";

export interface BrowserOptions {
  /** SHA-256 of the one public key, in base64, that is trusted besides the usual ones. */
  readonly trust?: string;
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

/** One thing as a screen reader is told of it. */
export interface Spoken {
  readonly role: string;
  readonly name: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Milliseconds for a page to come. */
const PATIENCE = 20_000;

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  "--no-proxy-server",
  "--remote-debugging-pipe",
];

/** How its DevTools are reached, and how it ends. */
interface Wire {
  send(message: string): void;
  end(): Promise<void>;
}

export class Browser {
  readonly #wire: Wire;
  readonly #replies = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #session: string | undefined;
  #last = 0;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Starts one with a profile of its own and an empty page; it ends with the test. */
  static async start(
    t: Pick<TestContext, "after">,
    options: BrowserOptions = {},
  ): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "countersign-browser-"));
    const trust = options.trust ? [`--ignore-certificate-errors-spki-list=${options.trust}`] : [];
    const argv = [...FLAGS, `--user-data-dir=${profile}`, ...trust, "about:blank"];
    const child = spawn("chromium", argv, {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: { ...MINIMAL_ENV, HOME: profile },
      detached: true,
    });
    const browser = new Browser({
      send: (message) => void (child.stdio[3] as Writable).write(`${message}\0`),
      end: () => end(child),
    });
    let unread = "";
    (child.stdio[4] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
      const texts = (unread + chunk).split("\0");
      unread = texts.pop() ?? "";
      for (const text of texts) browser.#hear(JSON.parse(text));
    });
    t.after(async () => {
      await browser.#wire.end();
      // Its children, ended as well, may be writing a moment longer.
      await rm(profile, { recursive: true, maxRetries: 10, retryDelay: 100 });
    });
    await browser.#attach();
    return browser;
  }

  /**
   * One that somebody else started, with `--remote-debugging-port=0` and this profile; with
   * the page it was started for. It ends with the test.
   */
  static async meet(t: Pick<TestContext, "after">, profile: string): Promise<Browser> {
    const [port, path] = await activePort(profile);
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await once(socket, "open");
    const closed = once(socket, "close");
    const browser = new Browser({
      send: (message) => socket.send(message),
      end: async () => {
        socket.send(JSON.stringify({ id: 0, method: "Browser.close" }));
        await closed;
      },
    });
    socket.addEventListener("message", ({ data }) => browser.#hear(JSON.parse(String(data))));
    t.after(() => browser.#wire.end());
    await browser.#attach();
    return browser;
  }

  /** Waits until the page has what the selector finds. */
  async shows(selector: string): Promise<void> {
    const isThere = `document.querySelector(${JSON.stringify(selector)}) !== null`;
    for (const limit = Date.now() + PATIENCE; !(await this.evaluate(isThere)); await sleep(50)) {
      if (Date.now() > limit) throw new Error(`no ${selector} in ${PATIENCE} ms`);
    }
  }

  /** Goes to an address, and waits for its page. */
  async goTo(url: string): Promise<void> {
    const loaded = this.#event("Page.loadEventFired");
    const { errorText } = (await this.#send("Page.navigate", { url })) as { errorText?: string };
    if (errorText) throw new Error(`${errorText} at ${new URL(url).origin}`);
    await loaded;
  }

  /** Presses what the selector finds, with the mouse, and waits for the page that follows. */
  async press(selector: string): Promise<void> {
    const box = `(() => { const { x, y, width, height } =
      document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 }; })()`;
    const at = (await this.evaluate(box)) as { readonly x: number; readonly y: number };
    const loaded = this.#event("Page.loadEventFired");
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.#send("Input.dispatchMouseEvent", { type, ...at, button: "left", clickCount: 1 });
    }
    await loaded;
  }

  /** What an expression is worth in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const params = { expression, returnByValue: true };
    const { result } = (await this.#send("Runtime.evaluate", params)) as {
      readonly result: { readonly value?: unknown };
    };
    return result.value;
  }

  /** The addresses that its back button knows. */
  async history(): Promise<readonly string[]> {
    const { entries } = (await this.#send("Page.getNavigationHistory")) as {
      readonly entries: readonly { readonly url: string }[];
    };
    return entries.map(({ url }) => url);
  }

  /** What a screen reader is told, in order, without what is ignored. */
  async spoken(): Promise<readonly Spoken[]> {
    const { nodes } = (await this.#send("Accessibility.getFullAXTree")) as {
      readonly nodes: readonly {
        readonly ignored: boolean;
        readonly role?: { readonly value: string };
        readonly name?: { readonly value: string };
      }[];
    };
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? "", name: name?.value ?? "" }));
  }

  async look({ width, height, scheme }: View): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.#send("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.#send("Emulation.setEmulatedMedia", { features });
  }

  /** Writes what is seen to a PNG file. */
  async picture(path: string): Promise<void> {
    const { data } = (await this.#send("Page.captureScreenshot")) as { readonly data: string };
    await writeFile(path, Buffer.from(data, "base64"));
  }

  /** What the browser minds about pages from now on, such as a policy that is broken. */
  complaints(): readonly string[] {
    const heard: string[] = [];
    this.#listeners.add(({ method, params }) => {
      const entry = params?.entry as { readonly text: string } | undefined;
      if (method === "Log.entryAdded" && entry) heard.push(entry.text);
    });
    return heard;
  }

  async #attach(): Promise<void> {
    const { targetInfos } = (await this.#send("Target.getTargets")) as {
      readonly targetInfos: readonly { readonly type: string; readonly targetId: string }[];
    };
    const targetId = targetInfos.find(({ type }) => type === "page")?.targetId;
    const attached = await this.#send("Target.attachToTarget", { targetId, flatten: true });
    this.#session = (attached as { readonly sessionId: string }).sessionId;
    await this.#send("Page.enable");
    await this.#send("Log.enable");
  }

  #send(method: string, params: unknown = {}): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    const message = JSON.stringify({ id, method, params, ...session });
    this.#wire.send(message);
    return this.#within(method, (resolve, reject) => {
      this.#replies.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
    });
  }

  #event(wanted: string): Promise<unknown> {
    return this.#within(wanted, (resolve) => {
      const listener = ({ method, params }: Message): void => {
        if (method !== wanted) return;
        this.#listeners.delete(listener);
        resolve(params);
      };
      this.#listeners.add(listener);
    });
  }

  async #within<T>(
    what: string,
    begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(`no ${what} in ${PATIENCE} ms`)), PATIENCE);
    begin(resolve, reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #hear(message: Message): void {
    if (message.id !== undefined) this.#replies.get(message.id)?.(message);
    else for (const listener of [...this.#listeners]) listener(message);
  }
}

async function end(child: ChildProcess): Promise<void> {
  const { pid, exitCode } = child;
  if (pid === undefined || exitCode !== null) return;
  const gone = once(child, "exit");
  // A group of its own: its renderers go with it.
  process.kill(-pid, "SIGKILL");
  await gone;
}

/** The port and path of its DevTools, which it writes into its profile. */
async function activePort(profile: string): Promise<readonly string[]> {
  for (const limit = Date.now() + PATIENCE; ; await sleep(50)) {
    const text = await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "");
    const [port = "", path = ""] = text.split("\n");
    if (path !== "") return [port, path];
    if (Date.now() > limit) throw new Error("no browser was started");
  }
}
