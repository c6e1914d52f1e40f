/** Enrollment as a person does it: scan the screen, type the code, keep the backup codes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsOfFour } from "../../src/core/base32.ts";
import { DESK, Desk } from "./desk.ts";

const BACKUP_CODE = /\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b/g;
const VERIFY = "countersign verify al";
const THEMES = ["light", "dark", "solarized light", "solarized dark"];

for (const { args, rows } of [
  { args: "", rows: 24 },
  { args: "--qr utf8", rows: 24 },
  { args: "--qr ascii", rows: 48 },
]) {
  test(`enroll ${args} scans on every theme, and its code makes it active`, DESK, async (t) => {
    const desk = await Desk.open(t, { rows });
    const { uri, phone } = await desk.enroll(args);
    assert.deepEqual([uri.protocol, uri.pathname], ["otpauth:", "/ex:al"]);
    assert.equal(uri.searchParams.get("issuer"), "ex");
    const secret = uri.searchParams.get("secret") ?? "";
    assert.match(secret, /^[A-Z2-7]{32}$/, "160 bits");
    for (const theme of THEMES) assert.equal(await desk.scan(theme), uri.href, theme);

    const shown = await desk.terminal.screen();
    const words = shown.replaceAll(/[^A-Z2-7]+/g, "");
    assert.ok(words.includes(secret), "the key stands there for typing");
    assert.equal((await desk.users())[0]?.status, "pending");
    await desk.terminal.enter(await phone.next());
    const { status, screen } = await desk.ended();
    assert.equal(status, 0);
    assert.match(screen, /al is enrolled/);
    assert.equal(new Set(screen.match(BACKUP_CODE)).size, 10);
    assert.equal((await desk.users())[0]?.status, "active");

    const left = await desk.terminal.screen({ history: true });
    assert.ok(!left.includes(secret) && !left.includes(groupsOfFour(secret).slice(0, 14)));
    assert.doesNotMatch(left, /[█▀▄]|##|Scan this/);
    assert.equal(await desk.scan("dark"), "");
    assert.ok(await desk.isSane());
  });
}

test("the next code is accepted in the terminal once, and a backup code once", DESK, async (t) => {
  const desk = await Desk.open(t);
  const { phone } = await desk.enroll();
  const spent = await phone.next();
  await desk.terminal.enter(spent);
  const [backup = ""] = (await desk.ended()).screen.match(BACKUP_CODE) ?? [];
  const answer = async (text: string): Promise<number> => {
    await desk.type(VERIFY);
    await desk.terminal.shows("Verification code:");
    await desk.terminal.enter(text);
    const { status, screen } = await desk.ended();
    assert.ok(!screen.includes(text), "what is typed is not shown");
    assert.match(screen, status === 0 ? /^accepted$/m : /^error: verification failed$/m);
    return status;
  };
  assert.equal(await answer(spent), 1, "the code that enrolled is spent");
  const next = await phone.next();
  assert.equal(await answer(next), 0);
  assert.equal(await answer(next), 1);
  assert.equal(await answer(backup.toLowerCase()), 0);
  assert.equal(await answer(backup), 1);
  assert.ok(await desk.isSane());
});

test(
  "verify cancelled, or with no answer, is refused and gives the terminal back",
  DESK,
  async (t) => {
    const desk = await Desk.open(t);
    const { phone } = await desk.enroll();
    await desk.terminal.enter(await phone.next());
    await desk.ended();
    for (const key of ["C-c", "C-d", "Enter"]) {
      await desk.type(`${VERIFY} -- echo RUN`);
      await desk.terminal.shows("Verification code:");
      await desk.terminal.press(key);
      const { status, screen } = await desk.ended();
      assert.equal(status, 1, key);
      assert.doesNotMatch(screen, /^RUN$/m);
      assert.ok(await desk.isSane(), key);
    }
  },
);

test("standard input and output stay the command's own", DESK, async (t) => {
  const desk = await Desk.open(t);
  const { phone } = await desk.enroll();
  await desk.terminal.enter(await phone.next());
  await desk.ended();
  await desk.type(`printf 'kept\\nwhole\\n' | ${VERIFY} -- cat | tr a-z A-Z`);
  await desk.terminal.shows("Verification code:");
  await desk.terminal.enter(await phone.next());
  assert.match((await desk.ended()).screen, /^KEPT\nWHOLE$/m);
});

test(
  "a scan of a terminal without colours: on a dark theme, and inverse on a light one",
  DESK,
  async (t) => {
    const desk = await Desk.open(t);
    for (const [qr, theme] of [
      ["utf8", "dark"],
      ["utf8-inverse", "light"],
    ]) {
      await desk.type(`NO_COLOR=1 countersign enroll al --issuer ex --qr ${qr}`);
      await desk.terminal.shows("Code from the app:");
      assert.match(await desk.scan(theme ?? ""), /^otpauth:\/\/totp\/ex:al\?secret=/);
      assert.doesNotMatch(await desk.terminal.screenInColour(), /\u001b\[[0-9;]*[1-9]/);
      await desk.terminal.press("C-c");
      assert.equal((await desk.ended()).status, 1);
    }
  },
);
