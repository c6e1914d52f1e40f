import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openSource, standardInput } from "../../../src/client/import/source.ts";
import { sandbox } from "../../files/sandbox.ts";
import { runOrThrow } from "../../support/run.ts";

async function textOf(source: ReturnType<typeof openSource>): Promise<string> {
  return (await Array.fromAsync(source.chunks())).join("");
}

test("a file is read in pieces, and told by its SHA-256", async (t) => {
  const path = join(sandbox(t), "file");
  // A character of three bytes lies across every boundary of two pieces somewhere.
  const text = "a€".repeat(100_000);
  writeFileSync(path, text, { mode: 0o600 });
  const source = openSource(path);
  assert.equal(await textOf(source), text);
  assert.equal(source.sha256(), createHash("sha256").update(text).digest("hex"));
  assert.deepEqual([source.owner, source.remarks], [process.getuid?.(), []]);
  source.close();
  source.close();
});

test("what is no file, or leads elsewhere, is neither followed nor waited for", async (t) => {
  const folder = sandbox(t);
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("file"), "x");
  symlinkSync(path("file"), path("link"));
  mkdirSync(path("directory"));
  await runOrThrow(["mkfifo", path("fifo")]);
  for (const name of ["link", "directory", "fifo"]) {
    assert.throws(() => openSource(path(name)), { code: "file-untrusted" }, name);
  }
  assert.throws(() => openSource(path("absent")), { code: "file-unreadable" });
});

test("others who can read or write it are told of", (t) => {
  const folder = sandbox(t);
  for (const [mode, remark] of [
    [0o600, undefined],
    [0o400, undefined],
    [0o640, /read by others/],
    [0o604, /read by others/],
    [0o620, /written to by others/],
    [0o666, /written to by others/],
  ] as const) {
    const path = join(folder, mode.toString(8));
    writeFileSync(path, "x");
    // The umask has its say in the mode of a new file.
    chmodSync(path, mode);
    const source = openSource(path);
    assert.match(source.remarks[0] ?? "", remark ?? /^$/, path);
    source.close();
  }
});

test("what is not UTF-8 is in no name and no secret", async () => {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from([0x61, 0xff, 0x62]);
  }
  const source = standardInput(bytes());
  assert.equal(await textOf(source), "a\ufffdb");
});
