/** How a person at a terminal is brought to an address, and how the browser comes back. */
import { hostname } from "node:os";
import { Fault } from "../core/fault.ts";
import { wayBackOf } from "../core/redirect.ts";
import { hasBrowserHere, isRemote, startBrowser } from "./browser.ts";
import { clean, print, toOpen } from "./device.ts";
import { ListeningWayBack } from "./way-back.ts";

const BY_ITSELF = "It goes on here by itself once you have answered there.";

/**
 * Shows the address, whole and alone on its line: no hyperlink of OSC 8, since which terminal
 * takes them cannot be asked, and what does not would show the escape. Starts a browser where
 * it may and one is here.
 * @returns the way on which the answer comes, where the address names one and it is open
 */
export async function showAddress(
  url: string,
  mayStart: boolean,
): Promise<ListeningWayBack | undefined> {
  const wayBack = wayBackOf(url);
  const port = wayBack && Number(new URL(wayBack.redirectUri).port);
  // Before the address is shown: a browser may be there and back in no time.
  const listening = wayBack && (await ListeningWayBack.listen(wayBack).catch(closed));
  print(toOpen(url, await lead(url, mayStart)));
  if (port === undefined) return undefined;
  if (listening === undefined) {
    print(`port ${port} is taken here: paste the address that the browser ends at\n`);
  } else if (isRemote(process.env)) {
    print(fromElsewhere(port));
  } else {
    print(`${BY_ITSELF}\n`);
  }
  return listening;
}

/** What stands above the address; by then a browser is started, or known not to be there. */
async function lead(url: string, mayStart: boolean): Promise<string | undefined> {
  const uids = [process.getuid?.() ?? 0, process.geteuid?.() ?? 0];
  if (!mayStart || !hasBrowserHere(process.env, uids)) return undefined;
  return (await startBrowser(url))
    ? "A browser is opening. If none comes up, open this address on this machine:"
    : "Cannot open a browser here. Open this address in one on this machine:";
}

function fromElsewhere(port: number): string {
  const tunnel = `ssh -L ${port}:localhost:${port} ${clean(hostname())}`;
  return `So that a browser on your own machine comes back here, run there:

${tunnel}

${BY_ITSELF} Without that,
the browser ends at an address of http://localhost:${port}: paste it below.
`;
}

/** A port that is taken leaves the paste. */
function closed(error: unknown): undefined {
  if (error instanceof Fault && error.code === "conflict") return undefined;
  throw error;
}
