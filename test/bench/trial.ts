/** A throw-away store with enrolled users, filled through the engine itself. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble, openParts } from "../../src/client/in-process.ts";
import { initialize } from "../../src/client/initialize.ts";
import type { Conversation } from "../../src/contracts/conversation.ts";
import type { Caller, Countersign } from "../../src/contracts/service.ts";
import { decodeBase32 } from "../../src/core/base32.ts";
import { codeAt, DEFAULT_PARAMETERS, timeStepAt } from "../../src/core/totp.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import type { EngineParts } from "../../src/engine/parts.ts";
import { type Scope, scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";

const ROOT: Caller = { uid: 0, login: "root", ownsStore: true };

/**
 * Backup codes are hashed at the least cost here: at the real one, the ten of each user would
 * take longer than everything that is measured. No verification that is measured hashes.
 */
const LEAST_COST = { N: 2, r: 1, p: 1 };

export class Trial {
  readonly home = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  readonly scope: Scope = scopeOf({
    uid: 0,
    home: this.home,
    env: { COUNTERSIGN_HOME: this.home },
  });
  readonly #secrets = new Map<string, Uint8Array>();
  #parts: EngineParts | undefined;
  /** Milliseconds added to the host's clock: each measured code is of a step of its own. */
  ahead = 0;

  async open(): Promise<Countersign> {
    await initialize(this.scope);
    const settings = loadSettings(this.scope);
    const { store, sealer } = await openParts(this.scope, settings);
    const clock = { now: () => Date.now() + this.ahead };
    const parts = { ...assemble(store, sealer, settings), scryptCost: LEAST_COST, clock };
    this.#parts = { ...parts, random: randomBytes };
    return countersignFor(this.#parts, ROOT);
  }

  async enroll(service: Countersign, user: string): Promise<void> {
    const options = { method: "totp", ...DEFAULT_PARAMETERS };
    const { secret } = await service.beginEnrollment(user, options, answering(""));
    this.#secrets.set(user, decodeBase32(secret));
    const confirmation = await service.confirmEnrollment(user, "totp", this.code(user, 0));
    if (confirmation.status !== "active") throw new Error(`${user}: not enrolled`);
  }

  /** The user's code, `steps` from now. */
  code(user: string, steps: number): string {
    const secret = this.#secrets.get(user);
    if (!secret) throw new Error(`${user}: has no secret here`);
    const step = timeStepAt(Date.now() + this.ahead, DEFAULT_PARAMETERS.period) + steps;
    return codeAt(secret, step, DEFAULT_PARAMETERS);
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** A conversation in which somebody gives one answer. */
export function answering(text: string): Conversation {
  const reply = async () => ({ kind: "text", text }) as const;
  const nothing = async (): Promise<void> => undefined;
  const waiting: Conversation["waiting"] = (work) => work(new AbortController().signal);
  return {
    prompt: reply,
    promptSecret: reply,
    info: nothing,
    error: nothing,
    open: nothing,
    waiting,
  };
}
