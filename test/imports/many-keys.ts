/** Reads a PSKC file of many keys, which nobody holds, and tells how many came. */
import { parentPort } from "node:worker_threads";
import { readPskc } from "../../src/imports/pskc.ts";
import { container, KEY, keyPackage, SECRET, sealed } from "./pskc-file.ts";

const KEYS = 30_000;
const { head, seal } = sealed();
const [before, after] = container(["<!-- keys -->"], head).split("<!-- keys -->");

/** Encrypted each time anew it would take as long again. */
function* chunks(): Generator<string> {
  yield before ?? "";
  const secret = seal(SECRET);
  for (let serial = 0; serial < KEYS; serial++) yield keyPackage({ serial: `${serial}`, secret });
  yield after ?? "";
}

let count = 0;
let last: string | undefined;
const ask = async (): Promise<string> => KEY.toString("hex");
for await (const item of readPskc(chunks(), { ask, at: Date.UTC(2026, 0) })) {
  if (item.kind !== "authenticator") continue;
  count += 1;
  last = item.serial;
}
parentPort?.postMessage({ count, last });
