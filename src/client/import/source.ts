/** The file that an import is of: read once, in pieces, and told by its SHA-256. */
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { errnoOf, Fault } from "../../core/fault.ts";
import { said, systemFault, untrusted } from "../../files/untrusted.ts";

const CHUNK = 65_536;

/** Standard input, in place of a file's name. */
export const STANDARD_INPUT = "-";

export interface Source {
  /** What it is called, for people. */
  readonly name: string;
  /** Whose file it is; undefined for standard input. */
  readonly owner: number | undefined;
  /** What is to be known of the file itself; each a phrase behind its name. */
  readonly remarks: readonly string[];
  /** Its text. What is not UTF-8 becomes U+FFFD, which is in no name and in no secret. */
  chunks(): AsyncGenerator<string>;
  /** Of what was read: 64 hexadecimal digits. */
  sha256(): string;
  close(): void;
}

/** Standard input, which may hold a file of any kind. */
export function standardInput(stream: AsyncIterable<Uint8Array> = process.stdin): Source {
  return sourceOf("standard input", undefined, stream);
}

/**
 * Opens a file that a user may have put there: no link is followed, and nothing is waited for
 * that is no file.
 * @throws Fault `file-untrusted`, `file-unreadable`
 */
export function openSource(path: string): Source {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    if (errnoOf(error) === "ELOOP") {
      throw untrusted(`${said(path)} is a symbolic link`, "name the file itself");
    }
    throw systemFault("file-unreadable", `cannot read ${said(path)}`, error);
  }
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return sourceOf(said(path), stats, piecesOf(path, descriptor), descriptor);
  closeSync(descriptor);
  throw new Fault("file-untrusted", `${said(path)} is not a regular file`, {
    hint: "what a program writes is read from standard input: give - for the file",
  });
}

function sourceOf(
  name: string,
  stats: Stats | undefined,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  descriptor?: number,
): Source {
  const hash = createHash("sha256");
  let isOpen = descriptor !== undefined;
  return {
    name,
    owner: stats?.uid,
    remarks: stats ? remarksOn(stats) : [],
    async *chunks() {
      const decoder = new TextDecoder("utf-8");
      for await (const bytes of pieces) {
        hash.update(bytes);
        const text = decoder.decode(bytes, { stream: true });
        bytes.fill(0);
        yield text;
      }
      yield decoder.decode();
    },
    sha256: () => hash.copy().digest("hex"),
    close() {
      if (isOpen && descriptor !== undefined) closeSync(descriptor);
      isOpen = false;
    },
  };
}

function* piecesOf(path: string, descriptor: number): Generator<Uint8Array> {
  const buffer = Buffer.alloc(CHUNK);
  try {
    for (;;) {
      const read = readSync(descriptor, buffer, 0, CHUNK, null);
      if (read === 0) return;
      yield buffer.subarray(0, read);
    }
  } catch (error) {
    throw systemFault("file-unreadable", `cannot read ${said(path)}`, error);
  } finally {
    buffer.fill(0);
  }
}

function remarksOn({ mode }: Stats): string[] {
  if ((mode & 0o022) !== 0) return ["can be written to by others than its owner"];
  return (mode & 0o044) === 0 ? [] : ["can be read by others, and with it the secrets"];
}
