/** verify through the whole door: by the daemon, or by the engine in this process. */
import { withCountersign } from "../client/connect.ts";
import { EXIT_STATUS } from "../core/verdict.ts";
import { PROTOCOL, verifyFromArguments } from "./verify-run.ts";

const STDIN = 0;

/** @returns the exit status */
export async function verifyOnEitherSide(args: readonly string[]): Promise<number> {
  if (args.length !== 1 || args[0] !== PROTOCOL) {
    return (await verifyFromArguments(args, withCountersign)) ?? EXIT_STATUS.unavailable;
  }
  // What it ends in goes over the protocol, and the module believes nothing else.
  const { serveOneVerification } = await import("../client/serve-one.ts");
  await serveOneVerification(STDIN);
  return 0;
}
