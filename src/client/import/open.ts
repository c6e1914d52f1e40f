/** Everything that the command needs to begin: the content, by what was asked for. */
import type { ImportFormat } from "../../contracts/imported.ts";
import type { Caller } from "../../contracts/service.ts";
import { demandHostAccount } from "../host-account.ts";
import { unknownToHost } from "../host-groups.ts";
import type { BringingOptions, Content } from "./bringing.ts";
import { type AskKey, itemsOf } from "./formats.ts";
import { openSource, type Source, STANDARD_INPUT, standardInput } from "./source.ts";
import { ownerMeant } from "./whose.ts";

export interface ImportWishes {
  readonly format: ImportFormat;
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** Whose all of it is. */
  readonly user: string | undefined;
  readonly ask: AskKey;
}

/** @throws Fault `usage`, `not-found`, or of a `file-…` code */
export async function openContent(wishes: ImportWishes, caller: Caller): Promise<Content> {
  const { format, file } = wishes;
  const source = file === STANDARD_INPUT ? standardInput() : openSource(file);
  try {
    const user = await userMeant(wishes, caller, source);
    const items = itemsOf(format, source.chunks(), { user, ask: wishes.ask });
    const { remarks } = source;
    return { format, items, remarks, sha256: () => source.sha256(), close: () => source.close() };
  } catch (error) {
    source.close();
    throw error;
  }
}

async function userMeant(
  { format, user }: ImportWishes,
  caller: Caller,
  source: Source,
): Promise<string | undefined> {
  if (format === "google-authenticator") return ownerMeant(user, caller, source);
  if (user !== undefined) demandHostAccount(user);
  return user;
}

/** In a store that is not the host's, names are whose they are. */
export function unknownUsersFor(isHosts: boolean): BringingOptions["unknownUsers"] {
  return isHosts ? (names) => unknownToHost("passwd", names) : async () => [];
}
