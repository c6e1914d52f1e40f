import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { readYubicoCsv } from "../../src/imports/yubico-csv.ts";
import { all, only } from "./read.ts";

const csv = (text: string) => all(readYubicoCsv([text]));

const AES = "d26a7c0f85fdda28bd816e406342b214";
const PRIVATE = "ab86c04de6a3";
const HOTP = "916821d3a138bf855e70069605559a206ba854cd";
const COUNTERS = "its counters are not told: what it typed before could be used once";

/** As its makers' programs write it, by the source of each. */
const FORMS: readonly (readonly [string, string])[] = [
  ["YubiKey Manager", `508328,vvgutbiedkvi,${PRIVATE},${AES},,2026-11-02T08:43:17,\n`],
  ["without a serial number", `,vvgutbiedkvi,${PRIVATE},${AES},,2026-11-02T08:43:17,\r\n`],
  [
    "the key storage module",
    `# ykksm 1
# serialnr,identity,internaluid,aeskey,lockpw,created,accessed[,progflags]
1,vvgutbiedkvi,${PRIVATE},${AES},000000000000,2021-05-07T17:03:27,
# the end
`.replace("000000000000", ""),
  ],
  [
    "a configuration log",
    `LOGGING START,12/11/2013 11:10
Yubico OTP,12/11/2013 11:10,1,vvgutbiedkvi,${PRIVATE},${AES},,,0,0,0,0,0,0,0,0,0,0
Configuration Update,12/11/2013 11:12,1,,,,,,0,0,0,0,0,0,0,0,0,0
`,
  ],
  [
    "a log whose time has a comma",
    `Yubico OTP,"12.11.2013, 11:10",2,vvgutbiedkvi,${PRIVATE},${AES},,,0,0,0,0,0,0,0,0,0,0\n`,
  ],
  [
    "a spreadsheet",
    `\ufeff"Serial","Public ID","Private ID","Secret","Access code","Time",""
"508328","VVGUTBIEDKVI","${PRIVATE.toUpperCase()}","${AES}","","2026-11-02",""\n`,
  ],
];

for (const [name, text] of FORMS) {
  test(`a YubiKey, as written by ${name}`, async () => {
    const { place, ...item } = await only(csv(text));
    assert.match(place, /^line [1-3]$/);
    assert.deepEqual(item, {
      kind: "authenticator",
      user: undefined,
      method: "yubikey",
      serial: "vvgutbiedkvi",
      secret: Uint8Array.fromHex(AES + PRIVATE),
      algorithm: undefined,
      digits: undefined,
      period: undefined,
      lastCounter: -1,
      skew: 0,
      scratchCodes: [],
      remarks: [COUNTERS],
    });
  });
}

test("an access code stays behind, and is named", async () => {
  for (const line of [
    `1,vvgutbiedkvi,${PRIVATE},${AES},4897018f8753,2026-11-02T08:43:17,`,
    `Yubico OTP,1/1/26 1:1,1,vvgutbiedkvi,${PRIVATE},${AES},,4897018f8753,0,0,0,0,0,0,0,0,0,0`,
  ]) {
    const item = await only(csv(`${line}\n`));
    assert.deepEqual(item.remarks, [COUNTERS, "its access code does not come along"]);
    assert.ok(!JSON.stringify(item).includes("4897018f8753"));
    assert.ok(!Buffer.from(item.secret).toString("hex").includes("4897018f8753"));
  }
});

test("a slot of HOTP in a configuration log", async () => {
  const item = await only(
    csv(`OATH-HOTP,11.12.13 18:55,1,ubhecccbbdfi,,${HOTP},,,1,0,0,8,48,0,0,0,0,0\n`),
  );
  const { method, serial, digits, lastCounter, period, algorithm } = item;
  assert.deepEqual(
    { method, serial, digits, lastCounter, period, algorithm },
    {
      ...{ method: "hotp", serial: "ubhecccbbdfi", digits: 8 },
      ...{ lastCounter: 47, period: undefined, algorithm: "sha1" },
    },
  );
  assert.deepEqual(item.remarks, ["if it types its id before a code, no code fits"]);
});

test("a slot of HOTP in Yubico's format is known by the number on the key", async () => {
  const item = await only(csv(`508327,,16,${HOTP},,2013-12-12T08:41:07,\n`));
  assert.equal(item.method, "hotp");
  assert.equal(item.serial, "508327");
  assert.equal(item.lastCounter, 15);
  assert.equal(Buffer.from(item.secret).toString("hex"), HOTP);
  assert.deepEqual(item.remarks, [
    "its number of digits is not told: taken as 6",
    "or it answers challenges: the file does not tell",
  ]);
});

const UNFIT: readonly (readonly [string, string, RegExp])[] = [
  ["a static password of the log", "Static Password,1/1/26 1:1,1,,1a,2b,,,0,0,0,0,0", /static/],
  ["a static password", `508329,,,${AES},,2013-12-12T08:44:34,`, /static/],
  ["challenge-response", "Challenge-Response: HMAC-SHA1,1/1/26,2,,,aa,,,0,0,0,0,0", /challenges/],
  ["no public id", `1,,${PRIVATE},${AES},,2013-12-12T08:44:34,`, /public id/],
  ["a public id of 14 letters", `1,vvgutbiedkvicc,${PRIVATE},${AES},,2013,`, /public id/],
  ["a public id in hexadecimal", `1,ff5e1748329f,${PRIVATE},${AES},,2013,`, /public id/],
  ["a private id of 5 bytes", `1,vvgutbiedkvi,${PRIVATE.slice(2)},${AES},,2013,`, /private id/],
  ["an AES key of 15 bytes", `1,vvgutbiedkvi,${PRIVATE},${AES.slice(2)},,2013,`, /AES key/],
  ["an AES key cut off", `1,vvgutbiedkvi,${PRIVATE},${AES.slice(0, 20)},,2013,`, /AES key/],
  ["a line cut off", `2,vvgutbiedkvi,${PRIVATE},${AES}`, /whole/],
  ["a line of a log cut off", `Yubico OTP,1/1/26 1:1,1,vvgutbiedkvi,${PRIVATE},${AES}`, /whole/],
  ["an all-zero private log line", `Yubico OTP,1/1/26,1,,,${AES},,,0,0,0,0,0,0,0,0,0,0`, /public/],
  ["HOTP without a name", `OATH-HOTP,1/1/26,1,cccccccccccc,,${HOTP},,,0,0,0,6,0,0`, /serial/],
  ["HOTP with 5 digits", `OATH-HOTP,1/1/26,1,ubhe,,${HOTP},,,0,0,0,5,0,0`, /digits/],
  ["HOTP with a wrong counter", `508327,,-1,${HOTP},,2013,`, /counter/],
  ["a line of something else", "hello, world", /slot/],
  ["a line without end", `1,${"v".repeat(5000)}`, /whole/],
];

for (const [name, line, reason] of UNFIT) {
  test(`does not come: ${name}`, async () => {
    const first = `1,vvgutbiedkvi,${PRIVATE},${AES},,2026-11-02T08:43:17,`;
    const [fit, unfit] = await csv(`${first}\n${line}\n`);
    assert.equal(fit?.kind, "authenticator");
    assert.ok(unfit?.kind === "unfit", "it came");
    assert.match(unfit.why, reason);
    assert.equal(unfit.place, "line 2");
    assert.ok(!unfit.why.includes(AES.slice(0, 8)));
  });
}

test("a last line that may be cut off does not come, even where it looks whole", async () => {
  const whole = `1,vvgutbiedkvi,${PRIVATE},${AES},,2026-11-02T08:43:17,\n`;
  assert.equal((await only(csv(whole))).kind, "authenticator");
  for (let length = 1; length < whole.length; length++) {
    const [item, ...rest] = await csv(whole + whole.slice(0, length)).then((all) => all.slice(1));
    assert.deepEqual(rest, []);
    assert.equal(item?.kind, "unfit", `${length}`);
  }
});

test("what is no such file is refused at its first line", async () => {
  for (const text of [
    "HOTP alice - 3132333435363738393031323334353637383930\n",
    "<?xml version='1.0'?>",
    "hello",
    `${"1".repeat(5000)}\n1,vvgutbiedkvi,${PRIVATE},${AES},,2026,\n`,
  ]) {
    await assert.rejects(
      csv(text),
      (error) => error instanceof Fault && error.code === "import-invalid",
    );
  }
});

test("an empty file brings nothing", async () => {
  assert.deepEqual(await csv(""), []);
  assert.deepEqual(await csv("# ykksm 1\n\nLOGGING START,1/1/26\n"), []);
});

test("two of one public id both come from here: the store refuses the second", async () => {
  const line = `1,vvgutbiedkvi,${PRIVATE},${AES},,2026-11-02T08:43:17,\n`;
  const items = await csv(line + line);
  assert.deepEqual(
    items.map(({ place }) => place),
    ["line 1", "line 2"],
  );
});
