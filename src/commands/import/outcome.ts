/** What an import came to, and what is to be done next, for people. */
import type { Came } from "../../client/import/pass.ts";
import type { ImportFormat } from "../../contracts/imported.ts";
import { Fault } from "../../core/fault.ts";
import { printable } from "../../core/printable.ts";
import { fillLines } from "../help-text.ts";
import { counted } from "../words.ts";

const GIVE = "countersign token list";

/** What was found, and what came of it. */
export function outcomeLines({ counts, outcome }: Came, isTrial: boolean): string[] {
  const found = [
    `${counts.new} ${isTrial ? "would come" : "to come"}`,
    ...(counts.here > 0 ? [`${counts.here} ${counts.here === 1 ? "is" : "are"} here already`] : []),
    ...(counts.unfit > 0 ? [`${counts.unfit} cannot come`] : []),
  ].join(", ");
  if (isTrial) return [`${found}; nothing was changed`];
  if (!outcome?.done) return [found];
  const { authenticators, users, tokens, backupCodeSets, leftOut } = outcome;
  return [
    found,
    ...(authenticators > 0 || tokens === 0
      ? [`imported: ${counted(authenticators, "authenticator")} of ${counted(users, "user")}`]
      : []),
    ...(tokens > 0 ? [`imported: ${counted(tokens, "token")} to be given to users: ${GIVE}`] : []),
    ...(backupCodeSets > 0
      ? [`scratch codes that are backup codes now: those of ${counted(backupCodeSets, "user")}`]
      : []),
    ...(leftOut > 0 ? [`did not fit any more: ${leftOut}`] : []),
  ];
}

/** Those that did not fit when all of it was to come. */
export function conflictLines({ outcome }: Came): string[] {
  const { conflicts = [], leftOut = 0 } = outcome ?? {};
  const lines = conflicts.flatMap(({ place, user, why }) => {
    const who = user === undefined ? "" : ` (${printable(user, 128)})`;
    return fillLines(`${printable(place, 128)}${who}: ${why}`, "    ", 78);
  });
  const more = leftOut - conflicts.length;
  return [...lines, ...(more > 0 ? [`... and ${more} more`] : [])].map((line) => `  ${line}`);
}

/** Why not all of it came, of what was not agreed to. */
export function shortFault({ counts, outcome }: Came, isTrial: boolean): Fault {
  const all = counts.new + counts.here + counts.unfit;
  if (outcome && !outcome.done) {
    const message = "the store changed meanwhile, and not all fits any more: nothing was imported";
    return new Fault("conflict", message, { hint: "look again with --dry-run" });
  }
  const came = outcome ? "the others were imported" : "nothing was imported";
  const short = counts.unfit + (outcome?.leftOut ?? 0);
  const hint = "mend the file, or leave those out with --partly";
  return new Fault("conflict", `${short} of ${all} cannot come${isTrial ? "" : `: ${came}`}`, {
    hint: outcome ? "see above what is in their way" : hint,
  });
}

const MODULES: Partial<Record<ImportFormat, string>> = {
  "google-authenticator": "pam_google_authenticator",
  oath: "pam_oath",
};

/** What is still to be done once it has come. @param file what was read, for people */
export function nextSteps(format: ImportFormat, file: string): string[] {
  const module = MODULES[format];
  const left = `${file} left as it was, with the secrets in it.`;
  const then =
    module === undefined
      ? "Delete what nobody needs any more: whoever reads it has the secrets."
      : `Log in through countersign from a second terminal; then take ${module} out of ` +
        "/etc/pam.d, and delete what it kept: codes used here are still good there.";
  return fillLines(`${left} ${then}`, "", 80);
}
