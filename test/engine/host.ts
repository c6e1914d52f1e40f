/** A host for one test: the real engine over a real store, with a clock that is set by hand. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Caller, Countersign, VerifyOutcome } from "../../src/contracts/service.ts";
import type { Store } from "../../src/contracts/store.ts";
import type { AuditRecord } from "../../src/core/audit-chain.ts";
import { decodeBase32 } from "../../src/core/base32.ts";
import { tokenCell } from "../../src/core/cells.ts";
import { DEFAULT_LOOK_AHEAD } from "../../src/core/hotp.ts";
import { DEFAULT_THROTTLE } from "../../src/core/throttle.ts";
import {
  type CodeParameters,
  DEFAULT_PARAMETERS,
  DEFAULT_WINDOW,
  type OtpParameters,
} from "../../src/core/totp.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import type { EngineParts, EnginePolicy } from "../../src/engine/parts.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { slowHash } from "../../src/keys/slow-hash.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { SqliteStagings } from "../../src/stores/sqlite/staging.ts";
import { createSqliteStore } from "../../src/stores/sqlite/store.ts";
import { sandbox } from "../files/sandbox.ts";
import { SettableClock } from "../support/clock.ts";
import { answers, silence } from "./conversations.ts";
import { Phone } from "./phone.ts";
import { Token } from "./token.ts";

export const START = Date.parse("2026-01-01T00:00:00Z");
export const MINUTE = 60_000;

export const ROOT: Caller = { uid: 0, login: "root", ownsStore: false };

/** A person on this host, who comes through the daemon. */
export function person(login: string, uid = 1_000): Caller {
  return { uid, login, ownsStore: false };
}

const POLICY: EnginePolicy = {
  issuer: "Host",
  throttle: DEFAULT_THROTTLE,
  unenrolled: "refuse",
  enabled: true,
  rules: [],
  roles: [],
  graceLimit: 5,
  enrollmentLifetime: 15 * MINUTE,
  texts: { prompt: "Verification code" },
  invitationLifetime: 24 * 60 * MINUTE,
};

/** What tells a token of the inventory from others. */
interface Stocked {
  readonly method: "hotp" | "totp";
  readonly period: number;
  readonly lastCounter: number;
  readonly skew: number;
}

export interface HostOptions extends Partial<Omit<EngineParts, "policy">> {
  readonly policy?: Partial<EnginePolicy>;
}

export function makeHost(t: TestContext, options: HostOptions = {}): Host {
  const path = join(sandbox(t), "store.db");
  const store = createSqliteStore(path);
  // Some tests have closed it by then.
  t.after(() => store.close().catch(() => undefined));
  return new Host(path, store, options);
}

export class Host {
  readonly path: string;
  readonly clock = new SettableClock(START);
  readonly parts: EngineParts;
  readonly root: Countersign;

  constructor(path: string, store: Store, { policy, ...changes }: HostOptions) {
    this.path = path;
    this.parts = {
      store,
      stagings: new SqliteStagings(),
      sealer: createSealer(Buffer.alloc(32, 9)),
      clock: this.clock,
      uptime: () => this.clock.now() - START + 10 * MINUTE,
      random: seededBytes(),
      slowHash,
      scryptCost: { N: 2, r: 1, p: 1 },
      methods: methodsFor({}),
      window: DEFAULT_WINDOW,
      lookAhead: DEFAULT_LOOK_AHEAD,
      policy: { ...POLICY, ...policy },
      hostName: "host.example",
      groupsOf: async () => undefined,
      membersOf: async () => new Set(),
      hostViewOf: async () => undefined,
      hostUsers: async () => new Set(),
      hostLogins: async () => new Set(),
      unknownUsers: async () => [],
      loginCard: async ({ secret }) => [`Key ${secret}`],
      ...changes,
    };
    this.root = this.as(ROOT);
  }

  as(caller: Caller): Countersign {
    return countersignFor(this.parts, caller);
  }

  /** The same host with some parts exchanged, such as a store that fails. */
  with({ policy, ...changes }: HostOptions): Countersign {
    const parts = { ...this.parts, ...changes, policy: { ...this.parts.policy, ...policy } };
    return countersignFor(parts, ROOT);
  }

  /** Enrolls; the clock then stands two steps later, so that the next code is a new one. */
  async enroll(user: string, parameters: OtpParameters = DEFAULT_PARAMETERS) {
    const options = { method: "totp", ...parameters };
    const begun = await this.root.beginEnrollment(user, options, silence);
    const phone = new Phone(begun.secret, this.clock, parameters);
    const confirmed = await this.root.confirmEnrollment(user, "totp", phone.code());
    if (confirmed.status !== "active") throw new Error("the enrollment was not confirmed");
    this.clock.advance(2 * parameters.period * 1000);
    return { phone, backupCodes: confirmed.backupCodes };
  }

  /** Enrolls an app, or a token, that counts: its first code is spent. */
  async enrollCounting(user: string, parameters: CodeParameters = DEFAULT_PARAMETERS) {
    const { algorithm, digits } = parameters;
    const options = { method: "hotp", algorithm, digits, period: undefined };
    const begun = await this.root.beginEnrollment(user, options, silence);
    const token = new Token(decodeBase32(begun.secret), 0, parameters);
    const confirmed = await this.root.confirmEnrollment(user, "hotp", token.press());
    if (confirmed.status !== "active") throw new Error("the enrollment was not confirmed");
    return { token, begun, backupCodes: confirmed.backupCodes };
  }

  /** Puts a token into the inventory, as an import does. */
  async stock(serial: string, changes: Partial<Stocked> = {}): Promise<Token> {
    const { method = "hotp", period, lastCounter = -1, skew = 0 } = changes;
    const secret = createHash("sha1").update(`token ${serial}`).digest();
    const sealedSecret = this.parts.sealer.seal(secret, tokenCell({ method, serial }));
    const kept = { algorithm: "sha1", digits: 6, period, skew, lastCounter } as const;
    await this.parts.store.transact((tx) =>
      tx.tokens.add({ method, serial, sealedSecret, ...kept }, START),
    );
    return new Token(secret, lastCounter + 1);
  }

  /** One verification by root, as PAM's module does it. */
  verify(user: string, answer: string): Promise<VerifyOutcome> {
    return this.root.verify(user, { service: "sshd" }, answers(answer));
  }

  async fail(user: string, wrong: string, times: number): Promise<string[]> {
    const verdicts: string[] = [];
    for (let n = 0; n < times; n++) verdicts.push((await this.verify(user, wrong)).verdict);
    return verdicts;
  }

  audit(): Promise<AuditRecord[]> {
    return this.parts.store.read((view) => view.audit.page(0, 100_000));
  }

  /** The events recorded while `work` ran. */
  async eventsOf(work: () => Promise<unknown>): Promise<AuditRecord[]> {
    const before = (await this.audit()).length;
    await work();
    return (await this.audit()).slice(before);
  }
}

/** Bytes that are the same in every run: a test that fails fails again. */
function seededBytes(): (length: number) => Uint8Array {
  let count = 0;
  return (length) => createHash("shake256", { outputLength: length }).update(`${count++}`).digest();
}
