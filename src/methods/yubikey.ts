/**
 * The method `yubikey`: the one-time password that a YubiKey types when it is touched. It is
 * judged here by the key's own AES key; by validation servers where only they have that. Which of
 * the two, the public id of the key says: it takes as long for every user.
 */
import { randomBytes } from "node:crypto";
import type { ChallengeMethod, CodeMethod, MethodParts } from "../contracts/method.ts";
import type { Transaction } from "../contracts/store.ts";
import { secretCell } from "../core/cells.ts";
import { openYubikeyOtp, publicIdOf, YUBIKEY, YUBIKEY_SECRET_BYTES } from "../core/yubikey-otp.ts";
import type { ValidationParts } from "../yubikey/otp-login.ts";
import type { ValidationServers } from "../yubikey/validation-servers.ts";

const HOST: ValidationParts = { clock: Date, random: randomBytes };

export const yubikey: CodeMethod = {
  name: YUBIKEY,
  kind: "code",
  shapes: ["yubikey"],

  async isEnrolled(tx, user) {
    return (await tx.authenticators.find(user, YUBIKEY, "active")) !== undefined;
  },

  async isJudgedHere(tx, code) {
    const serial = publicIdOf(code);
    const owner = (await tx.authenticators.ownerOf(YUBIKEY, serial)) ?? "";
    return (await tx.authenticators.find(owner, YUBIKEY, "active", serial)) !== undefined;
  },

  /** The counter is spent by one statement: a replay, and a copy that is behind, find it spent. */
  async judge(tx, { user, code, at }, { sealer, random }) {
    const enrolled = await tx.authenticators.find(user, YUBIKEY, "active", publicIdOf(code));
    if (!enrolled) {
      openNobodys(code, { sealer, random });
      return { accepted: false, reason: "not-enrolled" };
    }
    const secret = sealer.open(enrolled.sealedSecret, secretCell(enrolled));
    const counter = openYubikeyOtp(code, secret);
    secret.fill(0);
    if (counter === undefined) return { accepted: false, reason: "wrong-code" };
    const isNew = await tx.authenticators.spend(enrolled.id, counter, 0, at);
    return isNew ? { accepted: true } : { accepted: false, reason: "replayed" };
  },
};

/** What is done for a key that is the user's, so that the time tells nothing. */
function openNobodys(code: string, { sealer, random }: Pick<MethodParts, "sealer" | "random">) {
  const cell = secretCell({ id: "", user: "" });
  const made = random(YUBIKEY_SECRET_BYTES);
  const secret = sealer.open(sealer.seal(made, cell), cell);
  openYubikeyOtp(code, secret);
  made.fill(0);
  secret.fill(0);
}

// What speaks with the servers is loaded once somebody asks for it: no other login waits for TLS.
const loaded = () => import("../yubikey/otp-login.ts");

/** @param parts this host's own, when absent */
export function yubikeyByServers(servers: ValidationServers, parts = HOST): ChallengeMethod {
  return {
    kind: "challenge",
    name: YUBIKEY,
    setUp: "countersign yubikey configure",
    needsSecret: true,
    // Whoever has a password could touch a key of their own.
    enrollsAtLogin: false,
    outage: "yubikey",
    shapes: ["yubikey"],
    failMode: "secure",
    nameOf: (user) => user,
    serialOf: publicIdOf,

    async isEnrolled(tx, user) {
      return hasKey(tx, user);
    },

    async load() {
      await loaded();
    },

    async challenge(challenge, conversation) {
      const { loginByOtp } = await loaded();
      return loginByOtp(servers, parts, challenge, conversation);
    },

    async check(secret) {
      const { checkServers } = await loaded();
      return checkServers(servers, parts, secret);
    },
  };
}

/** Any: those that are judged here count for the method of that. */
async function hasKey(tx: Transaction, user: string): Promise<boolean> {
  const overview = await tx.accounts.overview(user);
  const keys = overview?.authenticators ?? [];
  return keys.some(({ method, status }) => method === YUBIKEY && status === "active");
}
