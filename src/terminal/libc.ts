/** The C library, for the few calls that Node does not offer. */
import { createRequire } from "node:module";

type Koffi = typeof import("koffi");

let loaded: ReturnType<Koffi["load"]> | undefined;

/** Loads on first use: no login at a terminal waits for it before its question. */
export function libc(): ReturnType<Koffi["load"]> {
  // Loading it loads node:util, which makes a pipe on standard error one that does not block:
  // who becomes another program restores that.
  const koffi: Koffi = createRequire(import.meta.url)("koffi");
  loaded ??= koffi.load("libc.so.6");
  return loaded;
}
