/** Moving over from pam_google_authenticator and pam_oath, which ran on this machine until now. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase32 } from "../../src/core/base32.ts";
import { succeed } from "../commands/enrolled.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { TOTP_SECRETS } from "../vectors/rfc.ts";
import { code, login, PEERS, type Service, serve, setUp, USERS_FILE } from "./peers.ts";

const STEP = 30_000;
const USERS = ["alice", "bob", "carol", "dave"] as const;
/** What carol and dave have, each of a length of its own. */
const CAROLS = TOTP_SECRETS.sha256;
const DAVES = TOTP_SECRETS.sha1;

test(
  "accounts of both modules come over, and what was used there is used here",
  PEERS,
  async (t) => {
    const sandbox = await Sandbox.open(t);
    await serve(sandbox);
    for (const user of USERS) await sandbox.addUser(user);
    const countersign = (args: readonly string[]) => sandbox.run([SANDBOX_CLI, ...args]);
    const enter = (service: Service, user: string, typed: string) =>
      login(sandbox, service, user, typed);
    const accepted = async (service: Service, user: string, typed: string) =>
      assert.ok(await enter(service, user, typed), `${service} refused ${user}`);
    const refused = async (service: Service, user: string, typed: string) =>
      assert.ok(!(await enter(service, user, typed)), `${service} let ${user} in`);

    // Their own tools make the accounts, and their own modules let everybody in.
    const alice = await setUp(sandbox, "alice", "-t", "-d", "-u", "-W");
    const bob = await setUp(sandbox, "bob", "-c", "-u", "-w", "5");
    const users = `HOTP/E/8 carol - ${CAROLS.toString("hex")}\nHOTP/T30 dave - ${DAVES.toString("hex")}\n`;
    await sandbox.sh(`umask 077; cat > ${USERS_FILE}`, { input: users });
    const [carols, daves] = [CAROLS, DAVES].map(encodeBase32) as [string, string];
    const now = Date.now();
    const used = {
      alice: await code(alice.secret, { now }),
      bob: await code(bob.secret, { counter: 3 }),
      carol: await code(carols, { counter: 2 }, { digits: 8 }),
      dave: await code(daves, { now }),
    };
    const [scratch = "", another = ""] = alice.scratchCodes;
    await accepted("google", "alice", used.alice);
    await accepted("google", "alice", scratch);
    await accepted("google", "bob", used.bob);
    await accepted("oath", "carol", used.carol);
    await accepted("oath", "dave", used.dave);

    // They come over, each file as a whole, and are left as they were; once more changes nothing.
    const files = `cat /home/*/.google_authenticator ${USERS_FILE}`;
    const before = await sandbox.sh(files);
    const bring = async (...words: string[]) =>
      JSON.parse(await succeed(countersign, ["import", ...words, "--json"]));
    for (const words of [
      ["google-authenticator", "--homes"],
      ["oath", USERS_FILE],
    ]) {
      const { found, imported } = await bring(...words);
      assert.deepEqual(found, { new: 2, here: 0, unfit: 0 });
      assert.equal(imported.authenticators, 2);
    }
    const { found, imported } = await bring("oath", USERS_FILE);
    assert.deepEqual([found, imported.done], [{ new: 0, here: 2, unfit: 0 }, false]);
    assert.equal(await sandbox.sh(files), before);

    // What was used there is refused here, and the next codes are accepted.
    const next = {
      alice: await code(alice.secret, { now: now + STEP }),
      bob: await code(bob.secret, { counter: 4 }),
      carol: await code(carols, { counter: 5 }, { digits: 8 }),
      dave: await code(daves, { now: now + STEP }),
    };
    await Promise.all(
      USERS.map(async (user) => {
        await refused("countersign", user, used[user]);
        await accepted("countersign", user, next[user]);
      }),
    );
    await refused("countersign", "alice", scratch);
    await accepted("countersign", "alice", another);

    const log = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
    const reasons = log.flatMap(
      (event: { verdict?: string; user: string; reason: string | null }) =>
        event.verdict === "reject" ? [`${event.user} ${event.reason}`] : [],
    );
    const replayed = USERS.map((user) => `${user} replayed`);
    assert.deepEqual(reasons.sort(), [...replayed, "alice wrong-code"].sort());
  },
);
