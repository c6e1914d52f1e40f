/** Somebody who is set up in a login: what their phone reads off the screen, and what they type. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Phone } from "../commands/enrolled.ts";
import { makeDirectory } from "../support/cli.ts";
import { paint, paintBlurred, readScreen, THEMES } from "../support/screen.ts";
import type { Terminal } from "../support/terminal.ts";
import { readCode } from "./desk.ts";

/** As many as an ASCII drawing takes, with the key below it. */
export const ROWS = 60;
export const CODE = /Code from the app:$/m;
export const ENTER = /Write these down, then press Enter:$/m;

/** The key as it stands on the screen, for typing by hand: eight groups, on a line or two. */
export function keyOn(screen: string): string {
  const groups = screen.match(/(?<![A-Z0-9-])[A-Z2-7]{4}(?![A-Z0-9-])/g) ?? [];
  assert.ok(groups.length >= 8, screen);
  return groups.slice(-8).join("");
}

/**
 * What a phone's reader sees of a drawing without colours, on a dark terminal.
 * @param style ASCII is read from further off, where its signs run together
 */
export async function scan(
  t: TestContext,
  terminal: Terminal,
  style: "utf8" | "ascii",
): Promise<URL> {
  const look = THEMES.dark;
  assert.ok(look);
  const file = join(await makeDirectory(t), "screen.png");
  const cells = readScreen((await terminal.screenInColour()).trimEnd(), look);
  const painted = (style === "utf8" ? paint : paintBlurred)(
    cells,
    { columns: 80, rows: ROWS },
    look,
  );
  await writeFile(file, painted);
  return new URL(await readCode(file));
}

/** Types the code of the key on the screen, and presses Enter; then the phone with that key. */
export async function setUp(terminal: Terminal): Promise<Phone> {
  const key = keyOn(await terminal.shows(CODE));
  const phone = new Phone(key, 1);
  await terminal.enter(await phone.code());
  const codes = await terminal.shows(ENTER);
  assert.equal(codes.match(/[0-9A-Z]{5}-[0-9A-Z]{5}/g)?.length, 10, codes);
  await terminal.press("Enter");
  return phone;
}
