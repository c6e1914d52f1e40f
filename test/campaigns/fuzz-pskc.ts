/** PSKC files, damaged by the byte and by the element. */
import assert from "node:assert/strict";
import { readPskc } from "../../src/imports/pskc.ts";
import {
  container,
  KEY,
  keyPackage,
  MAC_KEY,
  plain,
  SECRET,
  sealed,
} from "../imports/pskc-file.ts";
import { damaged, readAnyhow } from "./imported-items.ts";
import type { Random } from "./random.ts";

const OTHER = Buffer.from("98765432109876543210abcdefghijkl");
const DATES = `<Policy><StartDate>2006-05-01T00:00:00Z</StartDate>
<ExpiryDate>2037-12-31T00:00:00Z</ExpiryDate><KeyUsage>OTP</KeyUsage></Policy>`;
const TOTP = `<Time>${plain(0)}</Time><TimeInterval>${plain(60)}</TimeInterval><TimeDrift>${plain(-4)}</TimeDrift>`;
const SUITE = '<Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/>';

const PLAIN = container([
  keyPackage({ after: DATES }),
  keyPackage({ serial: "B-2", algorithm: "totp", parameters: SUITE, moving: TOTP }),
]);

function encrypted(made = sealed()): string {
  const moving = `<Counter>${made.seal(Buffer.alloc(8))}</Counter>`;
  const secrets = [SECRET, OTHER].map((secret) => ({ secret: made.seal(secret), moving }));
  return container(secrets.map(keyPackage), made.head);
}

const SEEDS = [PLAIN, encrypted(), encrypted(sealed({ passphrase: "qwerty", iterations: 20 }))];
const ANSWERS = [KEY.toString("hex"), "qwerty", "00".repeat(16), undefined];
const PIECES = [
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  "<!--",
  "<![CDATA[",
  "]]>",
  "<?x y?>",
  "&#0;&#xd800;&lt;",
  "&b;",
  "<Key/>",
  "<Data>",
  'xmlns="urn:x"',
  "\u0000",
  "9".repeat(30),
  "A".repeat(70_000),
];

export async function pskc(random: Random): Promise<void> {
  const seed = random.below(SEEDS.length);
  const whole = SEEDS[seed] ?? PLAIN;
  const text = damaged(random, shuffled(random, whole));
  const typed = random.below(4) ? ANSWERS[seed === 1 ? 0 : 1] : random.pick(ANSWERS);
  // How long a derivation takes is bounded by a test of its own; here it would cost the tries.
  const isQuick = !/<IterationCount>[^<]*\d{5}/.test(text);
  const ask = async (): Promise<string | undefined> => (isQuick ? typed : undefined);
  const reader = (chunks: Iterable<string>) => readPskc(chunks, { ask, at: Date.UTC(2026, 0) });
  const items = await readAnyhow(random, text, reader, HIDDEN);
  for (const item of items) {
    if (item.kind === "unfit") continue;
    assert.ok(item.serial !== "" && item.serial.length <= 64);
    if (seed === 0) continue;
    const secret = Buffer.from(item.secret);
    assert.ok(SECRET.equals(secret) || OTHER.equals(secret), "a secret that nobody encrypted");
  }
}

const HIDDEN = [
  ...[`${SECRET}`, `${OTHER}`, SECRET.toString("base64"), OTHER.toString("base64")],
  ...[KEY.toString("hex"), MAC_KEY.toString("hex"), "qwerty"],
];

/** Tags taken out, doubled, or moved, and pieces that mean something put between them. */
function shuffled(random: Random, text: string): string {
  const parts = text.split(/(?=<)/);
  for (let left = random.below(3); left > 0; left--) {
    const at = random.below(parts.length);
    const way = random.below(4);
    if (way === 0) parts.splice(at, 1 + random.below(4));
    if (way === 1) parts.splice(at, 0, ...parts.slice(at, at + 1 + random.below(12)));
    if (way === 2) parts.splice(at, 0, random.pick(PIECES) ?? "");
    if (way === 3) parts.splice(random.below(parts.length), 0, ...parts.splice(at, 2));
  }
  return parts.join("");
}
