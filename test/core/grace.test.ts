/** Places that a grace ticket is for, and how long one lasts, as they are written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gracePlace, parseDuration } from "../../src/core/grace.ts";

const SESSION = "01234567-89ab-cdef-0123-456789abcdef.4711.12345";
const ttyOf = (tty: string | undefined) => gracePlace({ tty, session: SESSION })?.tty;

test("a terminal has one name, with and without its directory", () => {
  for (const tty of ["pts/0", "tty1", "ttyS0", "ttyAMA0", "hvc0", "ttyUSB12"]) {
    assert.deepEqual([ttyOf(tty), ttyOf(`/dev/${tty}`)], [tty, tty]);
  }
});

test("what no person sits at is none", () => {
  for (const tty of [
    ...[undefined, "", "ssh", "unknown", "NODEVssh", "cron", ":0", "?", "tty", "pts/", "pts/x"],
    ...["/dev/null", "/dev//pts/1", "/tmp/pts/1", "pts/1 ", "pts/1\n", "PTS/1", "pts/12345678"],
  ]) {
    assert.equal(ttyOf(tty), undefined, JSON.stringify(tty));
  }
});

test("a session that is not told as a whole is none, nor a host with odd characters", () => {
  const place = (changes: object) =>
    gracePlace({ tty: "pts/1", session: SESSION, rhost: "h", ruser: "u", ...changes });
  assert.deepEqual(place({}), { tty: "pts/1", rhost: "h", ruser: "u", session: SESSION });
  for (const session of [
    undefined,
    ...["", ".4711.12345", SESSION.replace("4711", "0"), SESSION.replace(".12345", "")],
    ...[SESSION.replace("12345", ""), `${SESSION}\n`, `${SESSION}.1`, SESSION.toUpperCase()],
  ]) {
    assert.equal(place({ session }), undefined, session ?? "none");
  }
  for (const odd of ["a b", "ü", "a\n", "x".repeat(256)]) {
    assert.deepEqual([place({ rhost: odd }), place({ ruser: odd })], [undefined, undefined]);
  }
});

test("durations", () => {
  const told = ["90", "90s", "5m", "12h"].map(parseDuration);
  assert.deepEqual(told, [90, 90, 300, 43_200]);
  for (const text of ["", "0", "05m", "5 m", "-5m", "5M", "1.5h", "5d", "m", "5m\n", "1234567s"]) {
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
});
