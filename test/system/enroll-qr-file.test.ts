/** enroll --qr-file: a picture for its owner alone, and none over what is there. */
import assert from "node:assert/strict";
import { readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { qrMatrix } from "../../src/terminal/qr.ts";
import { Phone } from "../commands/enrolled.ts";
import { makeDirectory } from "../support/cli.ts";
import { CELL_HEIGHT } from "../support/screen.ts";
import { DESK, Desk, PROMPT, readCode } from "./desk.ts";

async function begin(t: TestContext, name: string) {
  const desk = await Desk.open(t);
  const folder = await makeDirectory(t);
  const file = join(folder, name);
  return { desk, file, command: `countersign enroll al --issuer ex --qr none --qr-file ${file}` };
}

/** The key as the card shows it for typing. */
async function keyOnScreen(desk: Desk): Promise<string> {
  const screen = await desk.terminal.shows(PROMPT);
  return (
    screen
      .slice(screen.indexOf("Key"))
      .match(/\b[A-Z2-7]{4}\b/g)
      ?.slice(0, 8)
      .join("") ?? ""
  );
}

test("a PNG is its owner's alone, and a reader reads it", DESK, async (t) => {
  const { desk, file, command } = await begin(t, "key.png");
  await desk.type(`umask 0; ${command}`);
  const secret = await keyOnScreen(desk);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const uri = new URL(await readCode(file));
  assert.equal(uri.searchParams.get("secret"), secret);
  await desk.terminal.enter(await new Phone(secret).next());
  const { status, screen } = await desk.ended();
  assert.equal(status, 0);
  assert.match(screen.replaceAll("\n", ""), /holds the secret: delete it once it is scanned/);
});

test("an SVG has the same modules", DESK, async (t) => {
  const { desk, file, command } = await begin(t, "key.SVG");
  await desk.type(command);
  const secret = await keyOnScreen(desk);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const picture = await readFile(file, "utf8");
  const squares = [...picture.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`);
  const uri = `otpauth://totp/ex:al?secret=${secret}&issuer=ex`;
  const margin = 4;
  const dark = qrMatrix(uri).flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`${x + margin} ${y + margin}`] : [])),
  );
  assert.ok(dark.length > CELL_HEIGHT);
  assert.deepEqual(new Set(squares), new Set(dark));
  await desk.terminal.press("C-c");
  await desk.ended();
});

test(
  "a file that is there, a link or another name is refused before anything is begun",
  DESK,
  async (t) => {
    const { desk, file, command } = await begin(t, "key.png");
    await writeFile(file, "mine");
    await desk.type(command);
    assert.match((await desk.ended()).screen, /^error: .*there already\ntry: name another/m);
    assert.equal(await readFile(file, "utf8"), "mine");
    const link = file.replace("key", "link");
    await symlink(`${file}.gone`, link);
    for (const name of [link, `${file}.gif`, join(dirname(file), "none/key.png")]) {
      await desk.type(command.replace(file, name));
      const { status, screen } = await desk.ended();
      assert.notEqual(status, 0);
      assert.match(screen, /^error: /m);
      assert.match(screen, /^try: /m);
    }
    const log = await desk.home.run(["audit", "list", "--json"]);
    assert.equal(log.stdout, "[]\n", "no secret was made");
  },
);

test("cancelled, its picture is gone: the secret in it is good for nothing", DESK, async (t) => {
  const { desk, file, command } = await begin(t, "key.png");
  await desk.type(command);
  await desk.terminal.shows(PROMPT);
  assert.ok((await stat(file)).isFile());
  await desk.terminal.press("C-c");
  assert.equal((await desk.ended()).status, 1);
  await assert.rejects(stat(file), { code: "ENOENT" });
});
