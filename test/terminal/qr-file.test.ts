import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PNG } from "pngjs";
import { Fault } from "../../src/core/fault.ts";
import { checkQrFileName, writeQrFile } from "../../src/terminal/qr-file.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { CONTENT } from "./content.ts";

const SAVE = fileURLToPath(new URL("programs/save.ts", import.meta.url));

function isFault(code: string) {
  return (error: unknown) =>
    error instanceof Fault && error.code === code && error.hint !== undefined;
}

test("a PNG that scans, its owner's alone", needs("zbarimg"), async (t) => {
  const file = join(await makeDirectory(t), "key.PNG");
  await writeQrFile(file, CONTENT.uri);
  assert.equal(lstatSync(file).mode & 0o7777, 0o600);
  assert.equal(PNG.sync.read(readFileSync(file)).width, (37 + 8) * 8);
  const { stdout } = await run(["zbarimg", "--quiet", "--raw", "--nodbus", file]);
  assert.equal(stdout.trimEnd(), CONTENT.uri);
});

test("an SVG that scans, its owner's alone", needs("zbarimg"), async (t) => {
  const folder = await makeDirectory(t);
  const file = join(folder, "key.svg");
  await writeQrFile(file, CONTENT.uri);
  assert.equal(lstatSync(file).mode & 0o7777, 0o600);
  // Drawn here from its squares: a renderer of SVG is not to be had everywhere.
  const source = readFileSync(file, "utf8");
  const side = Number(/viewBox="0 0 (\d+) \d+"/.exec(source)?.[1]);
  const image = new PNG({ width: side * 4, height: side * 4 });
  image.data.fill(255);
  for (const [, x, y] of source.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let row = 0; row < 4; row++) {
      const at = 4 * ((Number(y) * 4 + row) * image.width + Number(x) * 4);
      for (let pixel = 0; pixel < 4; pixel++)
        image.data.fill(0, at + 4 * pixel, at + 4 * pixel + 3);
    }
  }
  const drawn = join(folder, "drawn.png");
  writeFileSync(drawn, PNG.sync.write(image));
  const { stdout } = await run(["zbarimg", "--quiet", "--raw", "--nodbus", drawn]);
  assert.equal(stdout.trimEnd(), CONTENT.uri);
});

test("another name is a fault before anything is written", async (t) => {
  const folder = await makeDirectory(t);
  for (const name of ["key.jpg", "key", ".png", "key.png.txt"]) {
    assert.throws(() => checkQrFileName(join(folder, name)), isFault("usage"));
    await assert.rejects(writeQrFile(join(folder, name), CONTENT.uri), isFault("usage"));
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("what is there already is left as it is: a file, a link, a link to nothing", async (t) => {
  const folder = await makeDirectory(t);
  const file = join(folder, "key.png");
  writeFileSync(file, "mine");
  symlinkSync(file, join(folder, "link.png"));
  symlinkSync(join(folder, "target.png"), join(folder, "dangling.png"));
  for (const name of ["key.png", "link.png", "dangling.png"]) {
    await assert.rejects(writeQrFile(join(folder, name), CONTENT.uri), isFault("file-exists"));
  }
  assert.equal(readFileSync(file, "utf8"), "mine");
  assert.equal(existsSync(join(folder, "target.png")), false);
});

test("a write that fails leaves nothing behind", async (t) => {
  const folder = await makeDirectory(t);
  for (const name of ["key.png", "key.svg"]) {
    // A limit of no bytes a file: EFBIG comes where a full disk has ENOSPC.
    const argv = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", process.execPath, SAVE];
    const { stderr, code } = await run([...argv, join(folder, name), CONTENT.uri]);
    assert.equal(code, 1);
    assert.match(stderr, /the QR file cannot be written \(EFBIG\)/);
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("a folder that is not there is a fault", async (t) => {
  const file = join(await makeDirectory(t), "nowhere", "key.png");
  await assert.rejects(writeQrFile(file, CONTENT.uri), isFault("file-unwritable"));
});
