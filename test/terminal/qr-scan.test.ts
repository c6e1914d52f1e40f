/** The drawing as a person's phone meets it: in a real terminal, read by a real reader. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { drawQr, qrMatrix } from "../../src/terminal/qr.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { paint, readScreen, THEMES } from "../support/screen.ts";
import { Terminal } from "../support/terminal.ts";
import { CONTENT } from "./content.ts";

const PRINT = fileURLToPath(new URL("programs/print.ts", import.meta.url));
const ENROLL = fileURLToPath(new URL("programs/enroll.ts", import.meta.url));

/** tmux knows sixteen colours, and turns them into eight for the terminal it is shown on. */
const SIXTEEN = Object.keys(THEMES).filter((name) => !THEMES[name]?.isEightColours);
const EIGHT = Object.keys(THEMES).filter((name) => THEMES[name]?.isEightColours);

const NARROW = { columns: 80, rows: 24 };
const WIDE = { columns: 100, rows: 48 };

/** What the reader sees on that screen under a theme. */
async function scan(t: TestContext, screen: string, size: typeof NARROW, theme: string) {
  const chosen = THEMES[theme];
  assert.ok(chosen);
  const file = join(await makeDirectory(t), "screen.png");
  writeFileSync(file, paint(readScreen(screen, chosen), size, chosen));
  const { stdout } = await run(["zbarimg", "--quiet", "--raw", "--nodbus", file]);
  return stdout.trimEnd();
}

const CASES = [
  { style: "utf8", colour: "colour", size: NARROW, themes: SIXTEEN },
  { style: "ascii", colour: "colour", size: WIDE, themes: SIXTEEN },
  { style: "utf8", colour: "plain", size: NARROW, themes: ["dark", "solarized dark"] },
  { style: "utf8-inverse", colour: "plain", size: NARROW, themes: ["light", "solarized light"] },
];

for (const { style, colour, size, themes } of CASES) {
  test(`${style}, ${colour}, scans off the screen`, needs("tmux", "zbarimg"), async (t) => {
    const argv = [process.execPath, PRINT, style, colour, CONTENT.uri];
    const terminal = await Terminal.start(t, argv, size);
    await terminal.shows("printed");
    const screen = await terminal.screenInColour();
    for (const theme of themes) {
      assert.equal(await scan(t, screen, size, theme), CONTENT.uri, theme);
    }
  });
}

test(
  "the card scans with the text beside it, prompt and all",
  needs("tmux", "zbarimg"),
  async (t) => {
    const terminal = await Terminal.start(t, [process.execPath, ENROLL, "marks"], NARROW);
    await terminal.shows("Verification code:");
    const screen = await terminal.screenInColour();
    for (const theme of SIXTEEN) {
      assert.equal(await scan(t, screen, NARROW, theme), CONTENT.uri, theme);
    }
  },
);

test("a terminal of eight colours shows a drawing that scans", needs("zbarimg"), async (t) => {
  for (const style of ["utf8", "ascii"] as const) {
    const screen = drawQr(qrMatrix(CONTENT.uri), style, true).join("\n");
    for (const theme of EIGHT) assert.equal(await scan(t, screen, WIDE, theme), CONTENT.uri, theme);
  }
});
