/** A host whose users approve at a stand-in for Duo: the real engine, store and client. */
import type { TestContext } from "node:test";
import type { Conversation, Ended, Reply } from "../../src/contracts/conversation.ts";
import type { Origin, VerifyOutcome } from "../../src/contracts/service.ts";
import type { PushApplication } from "../../src/duo/application.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { PHONE, type ScriptedUser } from "../duo/stand-in/account.ts";
import { type StandIn, type StandInOptions, startStandIn } from "../duo/stand-in/server.ts";
import { type Host, type HostOptions, makeHost } from "../engine/host.ts";

export const METHOD = "duo-push";

/** What a person types, or how they end it. */
type Typed = string | Ended["kind"];

/** Hears all that is said, answers in turn, and may leave while something is waited for. */
export class Person implements Conversation {
  readonly heard: string[] = [];
  readonly #answers: Typed[];
  readonly #gone = new AbortController();
  /** Called with each line heard, before the next thing happens. */
  onHeard: (line: string) => void | Promise<void> = () => undefined;

  constructor(...answers: readonly Typed[]) {
    this.#answers = [...answers];
  }

  prompt = (text: string): Promise<Reply> => this.#ask("prompt", text);
  promptSecret = (text: string): Promise<Reply> => this.#ask("secret", text);
  info = (text: string): Promise<void> => this.#hear(`info ${text}`);
  error = (text: string): Promise<void> => this.#hear(`error ${text}`);
  open = (url: string): Promise<void> => this.#hear(`open ${url}`);
  waiting: Conversation["waiting"] = (work) => work(this.#gone.signal);

  leave(): void {
    this.#gone.abort();
  }

  async #ask(kind: string, text: string): Promise<Reply> {
    await this.#hear(`${kind} ${text}`);
    const typed = this.#answers.shift() ?? "end-of-input";
    const ended = (["cancelled", "end-of-input", "timed-out"] as const).find((it) => it === typed);
    return ended ? { kind: ended } : { kind: "text", text: typed };
  }

  async #hear(line: string): Promise<void> {
    this.heard.push(line);
    await this.onHeard(line);
  }
}

export interface DuoOptions {
  readonly application?: Partial<PushApplication>;
  readonly standIn?: StandInOptions;
  readonly host?: HostOptions;
}

export class DuoHost {
  readonly host: Host;
  readonly standIn: StandIn;

  private constructor(host: Host, standIn: StandIn) {
    this.host = host;
    this.standIn = standIn;
  }

  /** With nobody enrolled. */
  static async open(t: TestContext, options: DuoOptions = {}): Promise<DuoHost> {
    const standIn = await startStandIn(t, options.standIn);
    const push = applicationAt(standIn, options.application);
    const host = makeHost(t, { methods: methodsFor({ push }), ...options.host });
    await host.root.setMethodSecret(METHOD, standIn.application.secretKey);
    return new DuoHost(host, standIn);
  }

  /** With alice enrolled, who answers a push as `user` says: at once, or when told to. */
  static async enrolled(
    t: TestContext,
    user: Partial<ScriptedUser> = {},
    options: DuoOptions = {},
  ): Promise<DuoHost> {
    const duo = await DuoHost.open(t, options);
    duo.at("alice", { answer: "allow" });
    const { verdict } = await duo.login("push");
    if (verdict !== "accept") throw new Error(`alice was not enrolled: ${verdict}`);
    duo.standIn.received.length = 0;
    Object.assign(duo.standIn.account.sent, { pushes: 0, calls: 0, texts: 0 });
    duo.at("alice", user);
    return duo;
  }

  /** How the user stands at Duo. */
  at(name: string, user: Partial<ScriptedUser>): void {
    this.standIn.account.users.set(name, { preauth: "auth", devices: [PHONE], ...user });
  }

  /** One login; what is typed first is the answer to the prompt for the code. */
  login(typed: string | Person, user = "alice", origin: Origin = {}): Promise<VerifyOutcome> {
    const person = typeof typed === "string" ? new Person(typed) : typed;
    return this.host.root.verify(user, { service: "sudo", ...origin }, person);
  }

  /** "reject: denied", as the audit log has it; the fault's own words for an unavailable one. */
  async ends(typed: string | Person, user = "alice", origin: Origin = {}): Promise<string> {
    const { verdict, reason } = await this.login(typed, user, origin);
    return reason === undefined ? verdict : `${verdict}: ${reason}`;
  }

  /** Requests at Duo, by their last word. */
  get asked(): string[] {
    return this.standIn.received.map(({ path }) => path.split("/").at(-1) ?? "");
  }

  get pushes(): number {
    return this.standIn.account.sent.pushes;
  }

  /** What the last request to `name` said. */
  sent(name: "preauth" | "auth"): Record<string, string> {
    const found = this.standIn.received.findLast(({ path }) => path === `/auth/v2/${name}`);
    return Object.fromEntries(found?.parameters ?? []);
  }

  /** What the audit log has of the last verification. */
  async recorded(): Promise<{ reason: string | null; detail: string | null }> {
    const last = (await this.host.audit()).findLast(({ action }) => action === "verify");
    return { reason: last?.reason ?? null, detail: last?.detail ?? null };
  }
}

export function applicationAt(
  standIn: StandIn,
  changes: Partial<PushApplication> = {},
): PushApplication {
  return {
    integrationKey: standIn.application.integrationKey,
    apiHost: standIn.host,
    anyHost: true,
    authorities: () => standIn.authority,
    proxy: undefined,
    failMode: "secure",
    nameOf: (user) => user,
    hostName: "web1.example.org",
    ...changes,
  };
}
