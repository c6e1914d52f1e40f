/** Yubico's lists of keys, damaged by the byte, the field and the line. */
import assert from "node:assert/strict";
import { readYubicoCsv } from "../../src/imports/yubico-csv.ts";
import { damaged, readAnyhow } from "./imported-items.ts";
import type { Random } from "./random.ts";

const AES = "d26a7c0f85fdda28bd816e406342b214";
const HOTP = "916821d3a138bf855e70069605559a206ba854cd";
const MODHEX = /^[cbdefghijklnrtuv]{12}$/;
const ACCESS = "4897018f8753";

const SEEDS = [
  `508328,vvgutbiedkvi,ab86c04de6a3,${AES},${ACCESS},2026-11-02T08:43:17,
508327,,16,${HOTP},,2013-12-12T08:41:07,
`,
  `LOGGING START,12/11/2013 11:10
Yubico OTP,12/11/2013 11:10,1,vvgutbiedkvi,ab86c04de6a3,${AES},,${ACCESS},0,0,0,0,0,0,0,0,0,0
OATH-HOTP,11.12.13 18:55,1,ubhecccbbdfi,,${HOTP},,,1,0,0,8,48,0,0,0,0,0
Static Password,11.12.13 19:08,1,,d5a3d50327dc,0e8e37b0e38b314a56748c030f58d21d,,,0,0,0,0,0,0
`,
  `# ykksm 1
"1","cccccccccccb","cf46705d9473","${AES}","${ACCESS}","2021-05-07T17:03:27",""
# the end
`,
];

export async function yubico(random: Random): Promise<void> {
  const text = damaged(random, shuffled(random, random.pick(SEEDS) ?? ""));
  for (const item of await readAnyhow(random, text, readYubicoCsv, [AES, HOTP, ACCESS])) {
    if (item.kind === "unfit") continue;
    const form = item.method === "yubikey" ? MODHEX : /^[0-9]{1,10}$|^[cbdefghijklnrtuv]{2,12}$/;
    assert.match(item.serial, form);
  }
}

function shuffled(random: Random, text: string): string {
  const parts = text.split(/(?<=[,\n])/);
  for (let left = random.below(3); left > 0; left--) {
    const at = random.below(parts.length);
    const way = random.below(3);
    if (way === 0) parts.splice(at, 1 + random.below(3));
    if (way === 1) parts.splice(at, 0, ...parts.slice(at, at + 1 + random.below(9)));
    if (way === 2) parts.splice(random.below(parts.length), 0, ...parts.splice(at, 1));
  }
  return parts.join("");
}
