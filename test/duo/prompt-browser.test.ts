/**
 * The whole way: Chromium goes to the address, a button is pressed at the stand-in, the
 * callback server receives, and the engine's part judges and exchanges.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, type TestContext, test } from "node:test";
import { DuoPrompt } from "../../src/duo/prompt.ts";
import { judgeRedirect } from "../../src/duo/prompt-attempt.ts";
import { listenForCallback } from "../../src/terminal/callback-server.ts";
import { Browser } from "../support/browser.ts";
import { needs } from "../support/parts.ts";
import { type Certificates, makeCertificates } from "./prompt-stand-in/certificates.ts";
import { CLIENT, PromptStandIn } from "./prompt-stand-in/stand-in.ts";

let certificates: Certificates;

async function open(t: TestContext) {
  const standIn = await PromptStandIn.start(t, certificates);
  const callback = await listenForCallback();
  t.after(() => callback.close());
  const settings = { ...CLIENT, apiHost: standIn.host, allowHost: true, ca: certificates.ca };
  const clock = { now: () => Date.now() };
  const duo = new DuoPrompt(settings, { clock, random: randomBytes });
  const browser = await Browser.start(t, { trust: certificates.spki });
  return { standIn, callback, duo, browser };
}

type World = Awaited<ReturnType<typeof open>>;

/** Goes the way for alice, and returns what the redirect is judged to be. */
async function press({ callback, duo, browser }: World, button: "approve" | "deny" | "leave") {
  await duo.healthCheck();
  const { attempt, url } = await duo.begin("alice", callback.redirectUri);
  const waiting = callback.wait(attempt.state);
  await browser.goTo(url);
  await browser.press(`#${button}`);
  const reply = await waiting;
  if (reply.kind !== "text") throw new Error(reply.kind);
  return { attempt, redirect: judgeRedirect(attempt, reply.text, Date.now()) };
}

describe("Duo's prompt in a browser", needs("chromium", "openssl"), () => {
  before(async () => {
    certificates = await makeCertificates();
  });

  test("approve: allowed, and no code stays in the history", async (t) => {
    const world = await open(t);
    const { attempt, redirect } = await press(world, "approve");
    assert.ok(redirect.kind === "code");
    assert.equal((await world.duo.exchange(attempt, redirect.code)).allowed, true);
    assert.equal(
      await world.browser.evaluate("document.querySelector('h1').innerText"),
      "Received",
    );
    const history = await world.browser.history();
    assert.equal(history.at(-1), world.callback.redirectUri.replace("callback", "received"));
    assert.ok(!history.join().includes(redirect.code));
    assert.deepEqual(world.standIn.refused, []);
  });

  test("deny: not allowed, and the page says no more than received", async (t) => {
    const world = await open(t);
    const { attempt, redirect } = await press(world, "deny");
    assert.ok(redirect.kind === "code");
    const outcome = await world.duo.exchange(attempt, redirect.code);
    assert.equal(outcome.allowed, false);
    assert.equal(outcome.record.reason, "user_denied");
    assert.equal(
      await world.browser.evaluate("document.querySelector('h1').innerText"),
      "Received",
    );
  });

  test("left with an error: nothing to exchange", async (t) => {
    const { redirect } = await press(await open(t), "leave");
    assert.deepEqual(redirect, { kind: "ended", error: "access_denied" });
  });

  test("another user's approval at this callback: refused, and the wait goes on", async (t) => {
    const world = await open(t);
    const { duo, callback, browser } = world;
    const mallory = await duo.begin("mallory", callback.redirectUri);
    const alice = await duo.begin("alice", callback.redirectUri);
    const waiting = callback.wait(alice.attempt.state);
    await browser.goTo(mallory.url);
    await browser.press("#approve");
    assert.equal(
      await browser.evaluate("document.querySelector('h1').innerText"),
      "Not for this login",
    );
    await browser.goTo(alice.url);
    await browser.press("#approve");
    const reply = await waiting;
    assert.ok(reply.kind === "text");
    const redirect = judgeRedirect(alice.attempt, reply.text, Date.now());
    assert.ok(redirect.kind === "code");
    assert.equal((await duo.exchange(alice.attempt, redirect.code)).allowed, true);
  });

  test("an address that was changed on the way is refused at Duo", async (t) => {
    const { duo, callback, browser, standIn } = await open(t);
    const { url } = await duo.begin("alice", callback.redirectUri);
    const changed = new URL(url);
    changed.searchParams.set("redirect_uri", "https://example.org/callback");
    await browser.goTo(changed.href);
    assert.deepEqual(standIn.refused, ["two redirect_uri"]);
  });
});
