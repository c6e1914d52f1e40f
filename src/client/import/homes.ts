/** State files of google-authenticator in the homes of the host's users. */
import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { ImportItem } from "../../contracts/imported.ts";
import { isAccount } from "../../core/account.ts";
import { errnoOf, Fault } from "../../core/fault.ts";
import { trustedDirectory } from "../../files/directories.ts";
import { said, systemFault, untrusted } from "../../files/untrusted.ts";
import { entries } from "../host-groups.ts";
import type { Content } from "./bringing.ts";
import { itemsOf } from "./formats.ts";
import { openSource, type Source } from "./source.ts";

const STATE_FILE = ".google_authenticator";

/**
 * What they hold, an entry each: one that cannot be read keeps no other from coming.
 * @param reading told of each before it is read
 */
export function homesContent(reading: (user: string) => void): Content {
  const hash = createHash("sha256");
  async function* items(): AsyncGenerator<ImportItem> {
    for await (const file of homeFiles()) {
      reading(file.user);
      yield await itemIn(file, (text) => hash.update(text));
    }
  }
  return {
    format: "google-authenticator",
    items: items(),
    sha256: () => hash.copy().digest("hex"),
  };
}

async function itemIn(file: HomeFile, note: (sha256: string) => void): Promise<ImportItem> {
  const { user, path } = file;
  try {
    if ("fault" in file) throw file.fault;
    const source = file.open();
    try {
      const options = { user, ask: async () => undefined };
      const read = itemsOf("google-authenticator", source.chunks(), options);
      // One file has one authenticator.
      const { value } = await read.next();
      if (value === undefined) throw new Fault("import-invalid", "it holds nothing");
      note(source.sha256());
      if (value.kind === "unfit") return { ...value, place: path };
      const own = { ...value, place: path, isFound: true };
      const ofFile = source.remarks.map((remark) => `its file ${remark}`);
      return { ...own, remarks: [...own.remarks, ...ofFile] };
    } finally {
      source.close();
    }
  } catch (error) {
    if (error instanceof Fault) return { kind: "unfit", place: path, user, why: error.message };
    throw error;
  }
}

/** A home that has such a file, or may have one: `fault` says why it was not read. */
type HomeFile = { readonly user: string; readonly path: string } & (
  | { readonly open: () => Source }
  | { readonly fault: Fault }
);

/**
 * Those whom the host tells of when it is asked for all, in its order; a directory service may
 * not tell of everybody.
 * @throws Fault `not-found` where it does not answer
 */
async function* homeFiles(): AsyncGenerator<HomeFile> {
  const users = await entries("passwd", []);
  if (users === undefined) {
    throw new Fault("not-found", "this host does not tell its users", {
      hint: "see whether it answers: getent passwd",
    });
  }
  // Of two names of one uid the first is meant, as where a login asks for the name of its uid.
  const seen = new Set<string>();
  const homes = new Set(users.map(([, , id = "", , , home = ""]) => `${id}:${home}`));
  for (const [user = "", , id = "", , , home = ""] of users) {
    const key = `${id}:${home}`;
    if (seen.has(key) || !isAccount(user) || !home.startsWith("/")) continue;
    seen.add(key);
    const found = look(user, Number(id), home, (uid) => homes.has(`${uid}:${home}`));
    if (found) yield found;
  }
}

function look(
  user: string,
  uid: number,
  home: string,
  isHomeOf: (uid: number) => boolean,
): HomeFile | undefined {
  const path = join(home, STATE_FILE);
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink()) throw untrusted(`${said(path)} is a symbolic link`);
    // A home may be shared: the file is its owner's alone, as the module itself has it.
    if (stats.uid !== uid && isHomeOf(stats.uid)) return undefined;
    if (stats.uid !== uid) throw untrusted(`${said(path)} belongs to uid ${stats.uid}`);
    if (stats.nlink > 1) throw untrusted(`${said(path)} has a second name (hard link)`);
    // The module lets nobody in by such a file, for anybody may have written what it holds.
    if ((stats.mode & 0o022) !== 0) {
      throw untrusted(`${said(path)} can be written to by group or others`);
    }
    trustedDirectory(home, uid);
    return { user, path, open: () => openOf(path, uid) };
  } catch (error) {
    if (error instanceof Fault) return { user, path, fault: error };
    // A home that is no directory, or is not there, has no such file.
    if (errnoOf(error) === "ENOTDIR" || errnoOf(error) === "ENOENT") return undefined;
    return {
      user,
      path,
      fault: systemFault("file-unreadable", `cannot look at ${said(path)}`, error),
    };
  }
}

/** What was opened counts, whatever the name stood for before. */
function openOf(path: string, uid: number): Source {
  const source = openSource(path);
  if (source.owner === uid) return source;
  source.close();
  throw untrusted(`${said(path)} was exchanged while it was looked at`);
}
