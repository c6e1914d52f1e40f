/** Enrollment that does not come to its end leaves nothing, and says what to do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { Home } from "../support/cli.ts";
import { DESK, Desk, PROMPT } from "./desk.ts";

const MINUTE = 60_000;

/** Nothing is pending, nothing is active, and the terminal is the shell's again. */
async function assertNothing(desk: Desk): Promise<void> {
  for (const { status, methods } of await desk.users()) {
    assert.deepEqual([status, methods], ["none", []]);
  }
  assert.ok(await desk.isSane(), "the terminal is as it was");
}

test("three wrong codes end it, and the card stays in sight meanwhile", DESK, async (t) => {
  const desk = await Desk.open(t);
  const { uri, phone } = await desk.enroll();
  for (const wrong of [await phone.wrong(), "no code"]) {
    await desk.terminal.enter(wrong);
    await desk.terminal.shows(/That code does not fit/);
    await desk.terminal.shows(new RegExp(`^${PROMPT}$`, "m"));
    assert.equal(await desk.scan("dark"), uri.href);
  }
  await desk.terminal.enter("12345");
  const { status, screen } = await desk.ended();
  assert.equal(status, 1);
  assert.match(screen, /^error: 3 codes did not fit/m);
  assert.match(screen, /^try: \S/m);
  await assertNothing(desk);
});

test("a phone's clock that is seven minutes off is named, and which way", DESK, async (t) => {
  const desk = await Desk.open(t);
  const { phone } = await desk.enroll();
  await desk.terminal.enter(await phone.code(-7 * MINUTE));
  await desk.terminal.shows(/7 minutes behind/);
  await desk.terminal.enter(await phone.code(7 * MINUTE));
  await desk.terminal.shows(/7 minutes ahead/);
  await desk.terminal.enter(await phone.code(-7 * MINUTE));
  const { status, screen } = await desk.ended();
  assert.equal(status, 1);
  assert.match(screen.replaceAll("\n", " "), /7 minutes +behind/);
  await assertNothing(desk);
});

test("a right code after a wrong one is good", DESK, async (t) => {
  const desk = await Desk.open(t);
  const { phone } = await desk.enroll();
  await desk.terminal.enter(await phone.code(-7 * MINUTE));
  await desk.terminal.shows(/minutes behind/);
  await desk.terminal.enter(await phone.next());
  assert.equal((await desk.ended()).status, 0);
  assert.equal((await desk.users())[0]?.status, "active");
});

for (const key of ["C-c", "C-d", "C-\\"]) {
  test(`${key} at the prompt leaves nothing`, DESK, async (t) => {
    const desk = await Desk.open(t);
    await desk.enroll();
    await desk.terminal.press(key);
    const { status, screen } = await desk.ended();
    assert.equal(status, 1);
    assert.match(screen, /^error: cancelled: nothing was changed$/m);
    assert.doesNotMatch(await desk.terminal.screen({ history: true }), /[█▀▄]/);
    await assertNothing(desk);
  });
}

test(
  "Ctrl-Z does nothing at the prompt, and the secret stays out of the scrollback",
  DESK,
  async (t) => {
    const desk = await Desk.open(t);
    await desk.enroll();
    await desk.terminal.press("C-z");
    await desk.terminal.enter("12345");
    await desk.terminal.shows(/That code does not fit/);
    assert.equal((await desk.users())[0]?.status, "pending");
    await desk.terminal.press("C-c");
    assert.doesNotMatch((await desk.ended()).screen, /Stopped/);
    await assertNothing(desk);
  },
);

test("an authenticator goes on working when its replacement is cancelled", DESK, async (t) => {
  const desk = await Desk.open(t);
  const { phone } = await desk.enroll();
  await desk.terminal.enter(await phone.next());
  await desk.ended();
  await desk.type("countersign enroll al --issuer ex");
  if (process.getuid?.() !== 0) {
    await desk.terminal.shows("Verification code:");
    await desk.terminal.enter(await phone.next());
  }
  await desk.terminal.shows(PROMPT);
  await desk.terminal.press("C-c");
  assert.equal((await desk.ended()).status, 1);
  assert.deepEqual(
    (await desk.users()).map(({ status, methods }) => [status, methods.length]),
    [["active", 1]],
  );
  const verify = ["verify", "al", "--code-stdin"];
  assert.equal((await desk.home.run(verify, { input: await phone.next() })).code, 0);
});

test("without a terminal nothing is begun, and the other way is told", DESK, async (t) => {
  const home = await Home.make(t);
  for (const flags of [[], ["--code-stdin"], ["--qr", "none"], ["--json"]]) {
    const ended = await home.run(["enroll", "al", ...flags], { input: "123456\n" });
    assertFailure(ended, 1, /no terminal/, /^try: countersign enroll al --begin/);
  }
  assert.equal(await succeed(home.run.bind(home), ["user", "list", "--json"]), "[]\n");
});
