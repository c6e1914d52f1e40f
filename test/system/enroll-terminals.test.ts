/** Enrollment on terminals that show less: no UTF-8, no colours, no cursor, little room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DESK, Desk, PROMPT } from "./desk.ts";

const ENROLL = "countersign enroll al --issuer ex";

test("LANG=C draws with plain characters where there is room, and it scans", DESK, async (t) => {
  const desk = await Desk.open(t, { rows: 48 });
  await desk.type(`LANG=C ${ENROLL}`);
  const screen = await desk.terminal.shows(PROMPT);
  assert.ok([...screen].every((character) => character <= "~"));
  assert.match(await desk.scan("dark"), /^otpauth:/);
  assert.match(await desk.scan("light"), /^otpauth:/);
});

test("where there is no room it says so, and the key can be typed", DESK, async (t) => {
  const desk = await Desk.open(t);
  await desk.type(`LANG=C ${ENROLL}`);
  const screen = await desk.terminal.shows(PROMPT);
  assert.match(screen, /No QR code: this needs \d+ rows, the terminal has 24/);
  assert.match(screen, /^Key +([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/m);
});

test("--qr none draws nothing and says nothing of it", DESK, async (t) => {
  const desk = await Desk.open(t);
  await desk.type(`${ENROLL} --qr none`);
  const screen = await desk.terminal.shows(PROMPT);
  assert.doesNotMatch(screen, /[█▀▄]|QR/);
  assert.match(screen, /^Key +([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/m);
});

test("TERM=dumb gets no escape sequence, and is told that the key stays", DESK, async (t) => {
  const desk = await Desk.open(t);
  await desk.type(`TERM=dumb script -qc '${ENROLL} --qr none' ${desk.home.path}/bytes`);
  await desk.terminal.shows(PROMPT);
  await desk.terminal.press("C-c");
  const { screen } = await desk.ended();
  assert.match(screen.replaceAll("\n", " "), /The key stays visible above: clear this screen/);
  await desk.type(`grep -c "$(printf '\\033')" ${desk.home.path}/bytes`);
  assert.match((await desk.ended()).screen, /^0$/m, "no escape character was written");
});

test("other parameters are told to whoever types the key, and count", DESK, async (t) => {
  const desk = await Desk.open(t, { rows: 40 });
  await desk.type(`${ENROLL} --algorithm sha256 --digits 8 --period 60`);
  const screen = await desk.terminal.shows(PROMPT);
  assert.match(screen, /SHA-256, 8 digits/);
  assert.match(screen, /\b60 s\b/);
  const { searchParams } = new URL(await desk.scan("dark"));
  const names = ["algorithm", "digits", "period"].map((name) => searchParams.get(name));
  assert.deepEqual(names, ["SHA256", "8", "60"]);
  assert.match(searchParams.get("secret") ?? "", /^[A-Z2-7]{52}$/, "256 bits");
});
