/** duo-prompt through the engine: verify asked for `browser`, with the stand-in for Duo behind. */
import assert from "node:assert/strict";
import { before, describe, type TestContext, test } from "node:test";
import type { Conversation, Reply } from "../../src/contracts/conversation.ts";
import type { Origin, VerifyOutcome } from "../../src/contracts/service.ts";
import { callbackUri, wayBackOf } from "../../src/core/redirect.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import type { PromptApplication } from "../../src/duo/application.ts";
import { duoPrompt } from "../../src/methods/duo-prompt.ts";
import { totp } from "../../src/methods/totp.ts";
import { type Certificates, makeCertificates } from "../duo/prompt-stand-in/certificates.ts";
import { FORGERIES, type Forgery, type Result } from "../duo/prompt-stand-in/misbehaviour.ts";
import { CLIENT, PromptStandIn } from "../duo/prompt-stand-in/stand-in.ts";
import { tunnel } from "../duo/proxy.ts";
import { silence } from "../engine/conversations.ts";
import { type Host, makeHost } from "../engine/host.ts";
import { Phone } from "../engine/phone.ts";
import { SettableClock } from "../support/clock.ts";
import { needs } from "../support/parts.ts";

const ORIGIN = { service: "sshd", rhost: "192.0.2.9" };

let certificates: Certificates;

interface World {
  readonly host: Host;
  readonly clock: SettableClock;
  readonly standIn: PromptStandIn;
}

async function open(t: TestContext, changes: Partial<PromptApplication> = {}): Promise<World> {
  const standIn = await PromptStandIn.start(t, certificates);
  const clock = new SettableClock(Date.now());
  let drawn = 0;
  const random = (length: number) => Buffer.alloc(length, ++drawn);
  const application: PromptApplication = {
    apiHost: standIn.host,
    anyHost: true,
    authorities: () => certificates.ca,
    proxy: undefined,
    failMode: "secure",
    nameOf: (user) => `${user}@example.org`,
    hostName: "host",
    clientId: CLIENT.clientId,
    callbackPort: 0,
    ...changes,
  };
  const host = makeHost(t, { clock, methods: [totp, duoPrompt(application, { clock, random })] });
  await host.root.setMethodSecret("duo-prompt", CLIENT.clientSecret);
  return { host, clock, standIn };
}

/** A person who asks for the browser, and then hands back what `comeBack` says. */
class Person implements Conversation {
  readonly urls: string[] = [];
  readonly errors: string[] = [];
  readonly asked: string[] = [];
  readonly gone = new AbortController();
  readonly #comeBack: (url: string, turn: number) => string | Reply;

  constructor(comeBack: (url: string, turn: number) => string | Reply) {
    this.#comeBack = comeBack;
  }

  async promptSecret(): Promise<Reply> {
    return { kind: "text", text: "browser" };
  }

  async prompt(text: string): Promise<Reply> {
    this.asked.push(text);
    const reply = this.#comeBack(this.urls.at(-1) ?? "", this.asked.length);
    return typeof reply === "string" ? { kind: "text", text: reply } : reply;
  }

  async open(url: string): Promise<void> {
    this.urls.push(url);
  }

  async info(text: string): Promise<void> {
    assert.fail(`nothing was to be told: ${text}`);
  }

  async error(text: string): Promise<void> {
    this.errors.push(text);
  }

  waiting<T>(work: (gone: AbortSignal) => Promise<T>): Promise<T> {
    return work(this.gone.signal);
  }
}

function answering({ standIn }: World, button: "approve" | "deny" | "leave" = "approve"): Person {
  return new Person((url) => standIn.answerFor(url, button));
}

function verify({ host }: World, person: Person, user = "alice", origin: Origin = ORIGIN) {
  return host.root.verify(user, origin, person);
}

const say = ({ verdict, reason }: VerifyOutcome) => (reason ? `${verdict}: ${reason}` : verdict);

async function lastEvent({ host }: World): Promise<string> {
  return JSON.stringify((await host.audit()).at(-1));
}

async function enrollInTotp({ host, clock }: World, user: string): Promise<void> {
  const options = { method: "totp", ...DEFAULT_PARAMETERS };
  const begun = await host.root.beginEnrollment(user, options, silence);
  const code = new Phone(begun.secret, clock, DEFAULT_PARAMETERS).code();
  assert.equal((await host.root.confirmEnrollment(user, "totp", code)).status, "active");
}

const approve = (world: World, user = "alice") => verify(world, answering(world), user);

async function enroll(t: TestContext, changes: Partial<PromptApplication> = {}): Promise<World> {
  const world = await open(t, changes);
  assert.equal(say(await approve(world)), "accept");
  return world;
}

describe("duo-prompt", needs("openssl"), () => {
  before(async () => {
    certificates = await makeCertificates();
  });

  test("approved: let in, enrolled from the first time on, and how is recorded", async (t) => {
    const world = await open(t);
    for (let time = 0; time < 2; time += 1) {
      const person = answering(world);
      const outcome = await verify(world, person);
      assert.deepEqual(outcome, { verdict: "accept", user: "alice", method: "duo-prompt" });
      assert.match(await lastEvent(world), /duo_push, user_approved/);
      assert.equal(person.urls.length, 1);
      assert.deepEqual(person.asked, ["Paste the address the browser ended at: "]);
    }
    const { methods } = await world.host.root.showUser("alice");
    assert.deepEqual(
      methods.map(({ method, status }) => `${method} ${status}`),
      ["duo-prompt active"],
    );
    assert.deepEqual(world.standIn.refused, []);
  });

  for (const [result, ends] of [
    ["deny", "reject: denied"],
    ["fraud", "reject: fraud"],
    ["timeout", "reject: timed-out"],
    ["result ALLOW", "reject: denied"],
    ["result true", "reject: denied"],
    ["result [allow]", "reject: denied"],
    ["bypass", "accept"],
    ["remembered", "accept"],
  ] as const satisfies readonly (readonly [Result, string])[]) {
    test(`a valid token whose result is ${result}: ${ends}`, async (t) => {
      const world = await enroll(t);
      world.standIn.approval = result;
      assert.equal(say(await approve(world)), ends);
    });
  }

  test("denied with the button, and left with an error: kept out, and not enrolled", async (t) => {
    const world = await open(t);
    for (const button of ["deny", "leave"] as const) {
      assert.equal(say(await verify(world, answering(world, button))), "reject: denied");
    }
    await assert.rejects(world.host.root.showUser("alice"), { code: "not-found" });
  });

  for (const forgery of Object.keys(FORGERIES) as Forgery[]) {
    test(`a token that does not hold lets nobody in: ${forgery}`, async (t) => {
      const world = await enroll(t, { failMode: "safe" });
      world.standIn.forgery = forgery;
      assert.match(say(await approve(world)), /^(unavailable: duo|reject: wrong-code)$/);
    });
  }

  test("an address that is not this login's: told so, asked again, three times in all", async (t) => {
    const world = await enroll(t);
    const wrong = new Person(() => "http://localhost:4/callback?state=x&duo_code=y");
    assert.equal(say(await verify(world, wrong)), "reject: malformed");
    assert.deepEqual([wrong.asked.length, wrong.errors.length], [3, 2]);
    const late = new Person((url, turn) =>
      turn < 3 ? "what is this?" : world.standIn.answerFor(url, "approve"),
    );
    assert.equal(say(await verify(world, late)), "accept");
  });

  test("the redirect of another user's attempt: refused, whoever approved it", async (t) => {
    const world = await enroll(t);
    let mallorys = "";
    const mallory = new Person((url) => {
      mallorys = world.standIn.answerFor(url, "approve");
      return { kind: "cancelled" };
    });
    const origin = { callbackPort: 8080 };
    assert.equal(say(await verify(world, mallory, "mallory", origin)), "reject: cancelled");
    const alice = new Person(() => mallorys);
    assert.equal(say(await verify(world, alice, "alice", origin)), "reject: wrong-code");
  });

  test("another user's code, and an earlier one, under this attempt's state: refused", async (t) => {
    const world = await enroll(t);
    await verify(world, answering(world, "deny"), "mallory");
    const withCode = (code: string) =>
      new Person((url) => {
        const { redirectUri, state } = wayBackOf(url) ?? {};
        return `${redirectUri}?state=${state}&duo_code=${code}`;
      });
    // alice's code, used before; then one of mallory's that was never used.
    const [used = ""] = world.standIn.codes;
    assert.equal(say(await verify(world, withCode(used))), "reject: wrong-code");
    const unused = new Person((url) => {
      world.standIn.answerFor(url, "approve");
      return { kind: "cancelled" };
    });
    await verify(world, unused, "mallory", { callbackPort: 8080 });
    const stolen = withCode(world.standIn.codes.at(-1) ?? "");
    const outcome = await verify(world, stolen, "alice", { callbackPort: 8080 });
    assert.equal(say(outcome), "reject: wrong-code");
  });

  test("a redirect is judged once: what came after the first counts for nothing", async (t) => {
    const world = await enroll(t);
    const [first, second] = [answering(world), answering(world)];
    const outcomes = await Promise.all([verify(world, first), verify(world, second)]);
    assert.deepEqual(outcomes.map(say), ["accept", "accept"]);
    assert.notEqual(first.urls[0], second.urls[0]);
  });

  test("too late: timed out", async (t) => {
    const world = await enroll(t);
    const person = new Person((url) => {
      world.clock.advance(5 * 60_000);
      return world.standIn.answerFor(url, "approve");
    });
    assert.equal(say(await verify(world, person)), "reject: timed-out");
  });

  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    test(`no address comes back, ${kind}: so it ends`, async (t) => {
      const world = await enroll(t);
      assert.equal(say(await verify(world, new Person(() => ({ kind })))), `reject: ${kind}`);
    });
  }

  test("a person who leaves while Duo is asked: cancelled, and nobody is let in", async (t) => {
    const world = await enroll(t, { failMode: "safe" });
    const before = answering(world);
    before.gone.abort();
    assert.equal(say(await verify(world, before)), "reject: cancelled");
    assert.deepEqual(before.urls, []);
    world.standIn.broken = { token: "hang" };
    const during = answering(world);
    const ends = verify(world, during);
    setTimeout(() => during.gone.abort(), 300);
    assert.equal(say(await ends), "reject: cancelled");
  });

  test("disabled, or with something else enrolled: Duo is asked, and nothing opened", async (t) => {
    const world = await enroll(t);
    await world.host.root.disableUser("alice");
    await enrollInTotp(world, "bob");
    world.standIn.requests.length = 0;
    for (const [user, ends] of [
      ["alice", "reject: disabled"],
      ["bob", "reject: not-enrolled"],
    ] as const) {
      const person = answering(world);
      assert.equal(say(await verify(world, person, user)), ends);
      assert.deepEqual([person.urls, person.asked], [[], []]);
    }
    const health = "POST /oauth/v1/health_check";
    assert.deepEqual(world.standIn.requests, [health, health]);
  });

  test("the way back: the caller's port, the setting's, or one above those that Linux gives out", async (t) => {
    const portOf = async (world: World, origin: Origin): Promise<number> => {
      const person = answering(world);
      assert.equal(say(await verify(world, person, "alice", origin)), "accept");
      return Number(new URL(wayBackOf(person.urls[0] ?? "")?.redirectUri ?? "").port);
    };
    const any = await open(t);
    assert.equal(await portOf(any, { callbackPort: 2048 }), 2048);
    for (const callbackPort of [undefined, 0, 80, 65_536, Number.NaN]) {
      const port = await portOf(any, { callbackPort });
      assert.ok(port >= 61_000 && port <= 65_535, String(port));
    }
    const fixed = await open(t, { callbackPort: 8443 });
    assert.equal(await portOf(fixed, {}), 8443);
    assert.equal(await portOf(fixed, { callbackPort: 2048 }), 2048);
  });

  test("Duo knows the user by the alias, or by the template", async (t) => {
    const world = await open(t);
    const nameIn = (person: Person): string => {
      const [, claims = ""] = (
        new URL(person.urls[0] ?? "").searchParams.get("request") ?? ""
      ).split(".");
      return JSON.parse(Buffer.from(claims, "base64url").toString()).duo_uname;
    };
    const first = answering(world);
    assert.equal(say(await verify(world, first)), "accept");
    assert.equal(nameIn(first), "alice@example.org");
    await world.host.root.setAlias("alice", "al");
    const second = answering(world);
    assert.equal(say(await verify(world, second)), "accept");
    assert.equal(nameIn(second), "al");
  });

  test("Duo is down before anything was asked: the fail mode counts, and for no other cause", async (t) => {
    const safe = await enroll(t, { failMode: "safe" });
    for (const [health, ends] of [
      ["status 500", "exempt: duo-unreachable-allowed"],
      ["status 503", "exempt: duo-unreachable-allowed"],
      ["status 429", "unavailable: duo"],
      ["status 404", "unavailable: duo"],
      ["HTML", "unavailable: duo"],
      ["redirect 307", "unavailable: duo"],
    ] as const) {
      safe.standIn.broken = { health };
      const person = answering(safe);
      assert.equal(say(await verify(safe, person)), ends, health);
      assert.deepEqual(person.urls, []);
    }
    safe.standIn.broken = {};
    assert.equal(say(await approve(safe, "mallory")), "accept", "was not enrolled before");
    await safe.standIn.close();
    assert.equal(say(await approve(safe)), "exempt: duo-unreachable-allowed");
    assert.equal(say(await approve(safe, "bob")), "unavailable: duo", "bob is not enrolled");
    const secure = await enroll(t);
    await secure.standIn.close();
    assert.equal(say(await approve(secure)), "unavailable: duo");
  });

  test("a certificate of nobody's opens no door, whatever the fail mode", async (t) => {
    const world = await enroll(t, { failMode: "safe" });
    const method = duoPrompt({
      ...{ apiHost: world.standIn.host, anyHost: true, authorities: () => undefined },
      ...{ proxy: undefined, failMode: "safe", nameOf: (user: string) => user, hostName: "host" },
      ...{ clientId: CLIENT.clientId, callbackPort: 0 },
    });
    const outcome = await world.host
      .with({ methods: [method] })
      .verify("alice", ORIGIN, answering(world));
    assert.equal(say(outcome), "unavailable: duo");
    assert.match(outcome.fault?.message ?? "", /certificate/);
  });

  test("Duo is down after the approval: unavailable, whatever the fail mode", async (t) => {
    const world = await enroll(t, { failMode: "safe" });
    for (const token of ["status 500", "HTML", "truncated", "redirect 307", "huge"] as const) {
      world.standIn.broken = { token };
      assert.equal(say(await approve(world)), "unavailable: duo", token);
    }
    const person = new Person((url) => {
      const back = world.standIn.answerFor(url, "approve");
      void world.standIn.close();
      return back;
    });
    world.standIn.broken = {};
    await world.host.root.unlockUser("alice");
    assert.equal(say(await verify(world, person)), "unavailable: duo");
  });

  test("settings that do not hold let nobody in, whatever the fail mode", async (t) => {
    for (const changes of [
      { clientId: "short" },
      { proxy: "nowhere" },
      { authorities: () => "no certificate" },
      { anyHost: false },
    ]) {
      const world = await open(t, { failMode: "safe", ...changes });
      const outcome = await approve(world);
      assert.equal(outcome.verdict, "unavailable");
      assert.equal(outcome.fault?.code, "settings-invalid");
      assert.deepEqual(world.standIn.requests, []);
    }
  });

  test("a proxy by setting is the way; check tells the clocks' difference", async (t) => {
    const { proxy, asked } = await tunnel(t);
    const world = await open(t, { proxy: `${proxy.host}:${proxy.port}` });
    world.clock.advance(40_000);
    const { clockOffset = Number.NaN } = await world.host.root.checkMethod("duo-prompt");
    assert.ok(Math.abs(clockOffset - 40) <= 2, String(clockOffset));
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? "", /^CONNECT localhost:/);
  });

  test("check names a secret that is not this application's", async (t) => {
    const world = await open(t);
    await world.host.root.setMethodSecret("duo-prompt", "x".repeat(40));
    await assert.rejects(world.host.root.checkMethod("duo-prompt"), {
      code: "duo-refused",
      message: /client id or the client secret/,
    });
  });

  test("nothing of an attempt is in the log", async (t) => {
    const world = await open(t);
    const person = answering(world);
    await verify(world, person);
    const log = JSON.stringify(await world.host.audit());
    const { state } = wayBackOf(person.urls[0] ?? "") ?? { state: "none" };
    for (const secret of [state, ...world.standIn.codes, CLIENT.clientSecret, callbackUri(1024)]) {
      assert.ok(!log.includes(secret));
    }
  });
});
