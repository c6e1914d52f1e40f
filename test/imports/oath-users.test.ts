/** The users file of pam_oath, line by line. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { codeAt, type Digits } from "../../src/core/totp.ts";
import { LINE_MAX, readOathUsers } from "../../src/imports/oath-users.ts";
import { HOTP_SECRET } from "../vectors/rfc.ts";
import { all, oathUsers, only, whyNot } from "./read.ts";

const KEY = HOTP_SECRET.toString("hex");
const line = (...fields: (string | number)[]): string => `${fields.join("\t")}\n`;

/** The code of a time step, and the local time in a zone, as the module writes both. */
function used(step: number, zone: number, { period = 30, digits = 6 } = {}): [string, string] {
  const parameters = { algorithm: "sha1", digits: digits as Digits } as const;
  const local = new Date((step * period + 11) * 1000 + zone * 3_600_000);
  return [codeAt(HOTP_SECRET, step, parameters), `${local.toISOString().slice(0, 19)}L`];
}

test("types: counter-based and time-based, of 6, 7 or 8 digits", async () => {
  const types: Record<string, [string, number, number | undefined]> = {
    HOTP: ["hotp", 6, undefined],
    "HOTP/E": ["hotp", 6, undefined],
    "HOTP/E/7": ["hotp", 7, undefined],
    "HOTP/E/8": ["hotp", 8, undefined],
    "HOTP/T30": ["totp", 6, 30],
    "HOTP/T30/8": ["totp", 8, 30],
    "HOTP/T60": ["totp", 6, 60],
    "HOTP/T60/7": ["totp", 7, 60],
  };
  for (const [type, expected] of Object.entries(types)) {
    const found = await only(oathUsers(line(type, "alice", "-", KEY.toUpperCase())));
    assert.deepEqual([found.method, found.digits, found.period], expected);
    assert.deepEqual(found.secret, Uint8Array.from(HOTP_SECRET));
    assert.equal(found.algorithm, "sha1");
    assert.equal(found.lastCounter, -1);
    assert.equal(found.user, "alice");
    assert.deepEqual(found.remarks, []);
  }
});

test("a counter is the next one; with the last code beside it, the last used one", async () => {
  const last = async (...log: (string | number)[]) =>
    (await only(oathUsers(line("HOTP", "alice", "-", KEY, ...log)))).lastCounter;
  assert.equal(await last(), -1);
  assert.equal(await last(0), -1);
  assert.equal(await last(5), 4);
  assert.equal(await last(5, "254676"), 5);
  assert.equal(await last(5, "254676", "2026-11-22T12:00:41L"), 5);
  assert.equal(await last(5, "254676", "2026-1-2T3:4:5L", "more"), 5);
  assert.equal(await last(0, "755224", "2026-11-22T12:00:41L"), 0);
  assert.equal(await last(7, "000000"), 7);
});

test("a device of more digits than its type says is told by its last code", async () => {
  const of8 = await only(oathUsers(line("HOTP", "alice", "-", KEY, 3, "26969429")));
  assert.equal(of8.digits, 8);
  assert.deepEqual(of8.remarks, ["its codes have 8 digits, though its type says 6"]);
  // A code that is not its counter's tells nothing.
  assert.equal((await only(oathUsers(line("HOTP", "a", "-", KEY, 4, "26969429")))).digits, 6);
  assert.equal((await only(oathUsers(line("HOTP/E/8", "a", "-", KEY, 4, "000000")))).digits, 8);
  const timed = line("HOTP/T30", "a", "-", KEY, 0, ...used(59_811_105, 1, { digits: 7 }));
  assert.equal((await only(oathUsers(timed))).digits, 7);
});

test("a time-based line's last step is found by its code, in whatever zone", async () => {
  for (const period of [30, 60]) {
    for (const zone of [0, 1, -12, 14, 5.75, -3.5]) {
      const log = used(29_811_105, zone, { period });
      // The count beside it has lost its sign in the module: it says nothing.
      const text = line(`HOTP/T${period}`, "alice", "-", KEY, 17, ...log);
      assert.equal((await only(oathUsers(text))).lastCounter, 29_811_105, `${zone} ${period}`);
    }
  }
});

test("a code far from the clock is found once the zone is known, in summer as in winter", async () => {
  const [code] = used(59_811_105 + 9, 1);
  const [, time] = used(59_811_105, 1);
  const near = line("HOTP/T30", "a", "-", KEY, 0, ...used(59_000_000, 1));
  const summer = line("HOTP/T30", "a", "-", KEY, 0, ...used(58_000_000, 2));
  const far = line("HOTP/T30", "a", "-", KEY, 9, code, time);
  const found = await all(readOathUsers([near + summer + far]));
  assert.deepEqual(
    found.map((item) => item.kind === "authenticator" && item.lastCounter),
    [59_000_000, 58_000_000, 59_811_114],
  );
  assert.equal((await only(oathUsers(far))).lastCounter, undefined);
});

test("a time-based line whose last code tells nothing: nobody knows the last step", async () => {
  const last = async (...log: (string | number)[]) =>
    (await only(oathUsers(line("HOTP/T30", "alice", "-", KEY, ...log)))).lastCounter;
  const [code, time] = used(59_811_105, 0);
  assert.equal(
    await last(
      0,
      code.replace(/^./, (digit) => `${9 - Number(digit)}`),
      time,
    ),
    undefined,
  );
  assert.equal(await last(0, "dummy", time), undefined);
  assert.equal(await last(0, code), undefined);
  assert.equal(await last(3), undefined);
});

test("passwords: none, checked elsewhere, and in plain text, which does not come", async () => {
  const plus = await only(oathUsers(line("HOTP", "alice", "+", KEY)));
  assert.deepEqual(plus.remarks, ["its password was checked elsewhere"]);
  const [item] = await oathUsers(line("HOTP", "alice", "hunter2", KEY));
  assert.deepEqual(item, {
    kind: "unfit",
    place: "line 1",
    user: "alice",
    why: "a password in plain text, which would be asked for no more",
  });
});

test("lines that say nothing are passed over; several of a user are several authenticators", async () => {
  const text = `# users\n\n \t\n  # more\n${line("HOTP", "alice", "-", KEY)}\r\n${line("HOTP/T30", "alice", "-", KEY)}`;
  const found = await oathUsers(text);
  assert.deepEqual(
    found.map((item) => [item.place, item.user, item.kind === "authenticator" && item.serial]),
    [
      ["line 5", "alice", ""],
      ["line 7", "alice", ""],
    ],
  );
  assert.deepEqual(await oathUsers("# nobody yet\n"), []);
});

test("what cannot come is told line by line", async () => {
  const lines: Record<string, RegExp> = {
    [line("MOTP", "alice", "-", KEY)]: /a type that pam_oath passes over/,
    [line("HOTP/T90", "alice", "-", KEY)]: /a type/,
    [line("HOTP/E/9", "alice", "-", KEY)]: /a type/,
    [line("hotp", "alice", "-", KEY)]: /a type/,
    [line("HOTP", "alice", "-")]: /fewer fields/,
    [line("HOTP", "alice", "-", `${KEY}0`)]: /hexadecimal/,
    [line("HOTP", "alice", "-", `${KEY}gg`)]: /hexadecimal/,
    [line("HOTP", "alice", "-", "00")]: /8 bits/,
    [line("HOTP", "alice", "-", "00".repeat(20))]: /all the same/,
    [line("HOTP", "alice", "-", "3132".repeat(65))]: /128 bytes/,
    [line("HOTP", "alice", "-", KEY, "0x5")]: /a counter/,
    [line("HOTP", "alice", "-", KEY, "-1")]: /a counter/,
    [line("HOTP", "alice", "-", KEY, "18446744073709551615")]: /a counter/,
    [line("HOTP", "alice", "-", KEY, 5, "254676", "yesterday")]: /a time of last use/,
    [line("HOTP", "alice", "-", KEY, 5, "254676", "2026-02-30T00:00:00L")]: /a time of last use/,
    [line("HOTP", "alice/..", "-", KEY)]: /user's name/,
    [line("HOTP", "alice", "-", `${KEY}\0`)]: /NUL/,
    [line("HOTP", "alice", "-", KEY, "1".repeat(LINE_MAX))]: /longer than 4096/,
  };
  for (const [text, why] of Object.entries(lines)) {
    // A first line that counts, so that the one after it is not what the file is judged by.
    const [first, second, ...more] = await oathUsers(`${line("HOTP", "bob", "-", KEY)}${text}`);
    assert.equal(first?.kind, "authenticator");
    assert.deepEqual(more, []);
    assert.ok(second?.kind === "unfit", text.slice(0, 80));
    assert.equal(second.place, "line 2");
    assert.match(second.why, why);
  }
});

test("a file that was cut off in its last line: what is left may not be what stood there", async () => {
  const whole = line("HOTP", "alice", "-", KEY, 123);
  for (let length = 8; length < whole.length; length++) {
    assert.notEqual(await whyNot(oathUsers(whole.slice(0, length))), "", `${length}`);
  }
  assert.match(await whyNot(oathUsers(whole.trimEnd())), /may be cut off/);
});

test("nothing of a line that lacks a field is told: a secret may stand in the user's place", async () => {
  for (const text of [
    line("HOTP", KEY, "-"),
    line("HOTP", KEY),
    line("HOTP", "hunter2", KEY, 5, 6),
  ]) {
    const [item] = await oathUsers(text);
    assert.equal(item?.user, undefined);
    assert.doesNotMatch(JSON.stringify(item), /3132|hunter2/);
  }
});

test("what is no users file is refused at its first line, without a word of it", async () => {
  for (const text of [`${KEY}\n`, "root:x:0:0\n", '{"users": []}', "\n\nGEZDGNBV\n", "\0\0\0\0"]) {
    await assert.rejects(oathUsers(text), (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.code, "import-invalid");
      assert.doesNotMatch(error.message, /GEZDG|3132|root/);
      return true;
    });
  }
});

test("a million lines, in the memory of a few thousand", async () => {
  // Kept, its items would take some hundred MiB; the worker is ended when it needs more than 32.
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 16 };
  const worker = new Worker(new URL("million-lines.ts", import.meta.url), { resourceLimits });
  const [told] = await once(worker, "message");
  assert.deepEqual(told, { count: 1_000_000, last: "user999999" });
});

test("a line without an end takes no memory either", async () => {
  function* chunks(): Generator<string> {
    yield line("HOTP", "alice", "-", KEY);
    for (let at = 0; at < 2_000; at++) yield "x".repeat(65_536);
  }
  const found = await all(readOathUsers(chunks()));
  assert.equal(found.length, 2);
  assert.deepEqual(found[1], {
    kind: "unfit",
    place: "line 2",
    user: undefined,
    why: "longer than 4096 characters",
  });
});

test("however the file is cut into chunks, and whatever it holds, it comes back", async () => {
  const user = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,20}$/);
  const row = fc.record({
    user,
    secret: fc
      .uint8Array({ minLength: 10, maxLength: 32 })
      .filter((bytes) => new Set(bytes).size > 1),
    counter: fc.integer({ min: 0, max: 2 ** 40 }),
    hasCode: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 8 }),
      fc.constantFrom(" ", "\t", " \t "),
      fc.constantFrom("\n", "\r\n"),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      async (rows, gap, ending, lengths) => {
        const lines = rows.map(({ user, secret, counter, hasCode }) => {
          const fields = ["HOTP", user, "-", Buffer.from(secret).toString("hex"), counter];
          return [...fields, ...(hasCode ? ["111111"] : [])].join(gap);
        });
        const text = lines.map((each) => each + ending).join("");
        function* chunks(): Generator<string> {
          for (let at = 0; at < text.length; ) {
            const length = lengths.next().value ?? 1;
            yield text.slice(at, at + length);
            at += length;
          }
        }
        const found = await all(readOathUsers(chunks()));
        assert.deepEqual(
          found.map((item) =>
            item.kind === "authenticator"
              ? [item.user, item.secret, item.lastCounter]
              : [item.place, item.why],
          ),
          rows.map(({ user, secret, counter, hasCode }) => [
            user,
            secret,
            hasCode ? counter : counter - 1,
          ]),
        );
      },
    ),
  );
});

test("a secret that stands where a user should is told to nobody", async () => {
  const damaged = [
    line("-", KEY, "-", "1000000000000000"),
    line("HOTP", KEY, "-", "1000000000000000", "x"),
    line("MOTP", KEY, "-", KEY),
  ].join("");
  const items = await oathUsers(`${line("HOTP", "alice", "-", KEY)}${damaged}`);
  assert.deepEqual(
    items.map((item) => [item.kind, item.user]),
    [
      ["authenticator", "alice"],
      ["unfit", undefined],
      ["unfit", undefined],
      ["unfit", undefined],
    ],
  );
});
