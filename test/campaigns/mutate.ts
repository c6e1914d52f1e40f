/** Input damaged at random, and the characters that are worth trying. */
import type { Random } from "./random.ts";

export const ODD = [..."0123456789abzILOU-_ \t\r\n\0/:.\\\"'{}[],%?&#=+é߀İſK０Ａ​‮\u{1f512}�"];

/** The bytes with a few changed, taken out, doubled or put in; now and then cut or as they are. */
export function mutate(random: Random, bytes: Buffer): Buffer {
  let changed = Buffer.from(bytes);
  for (let left = random.below(4); left > 0; left--) {
    const at = random.below(changed.length + 1);
    const to = Math.min(changed.length, at + random.below(8));
    const [head, tail] = [changed.subarray(0, at), changed.subarray(at)];
    const way = random.below(5);
    if (way === 0) changed = Buffer.concat([head, random.bytes(1), tail.subarray(1)]);
    if (way === 1) changed = Buffer.concat([head, changed.subarray(to)]);
    if (way === 2) changed = Buffer.concat([head, changed.subarray(at, to), tail]);
    if (way === 3) changed = Buffer.concat([head, Buffer.from(random.text(ODD, 3)), tail]);
    if (way === 4) changed = Buffer.from(random.below(8) ? changed : head);
  }
  return changed;
}
