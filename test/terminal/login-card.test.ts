/** The card of a login: within 80 columns whatever the names, read by a reader, the key always there. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keyUri } from "../../src/core/key-uri.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { loginCard } from "../../src/terminal/login-card.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { paint, paintBlurred, readScreen, THEMES } from "../support/screen.ts";

const KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

function content(issuer: string, account: string) {
  const secret = Buffer.from("12345678901234567890");
  const uri = keyUri({ issuer, account, secret, parameters: DEFAULT_PARAMETERS });
  return { issuer, account, secret: KEY, uri };
}

const NAMES = [
  ["vm", "bob"],
  ["server01.example.org", "alice"],
  ["a-rather-long-name.department.example.org", "firstname.lastname@example.org"],
  ["x".repeat(64), "y".repeat(200)],
] as const;

test("no line is wider than 80 columns, and the key is there by hand", () => {
  for (const [issuer, account] of NAMES) {
    for (const style of ["utf8", "utf8-inverse", "ascii", "none"] as const) {
      const lines = loginCard(content(issuer, account), style);
      for (const line of lines) assert.ok([...line].length <= 80, line);
      const groups = lines.join(" ").match(/\b[A-Z2-7]{4}\b/g) ?? [];
      assert.equal(groups.join(""), KEY, `${issuer} ${style}`);
      if (style === "ascii" || style === "none") assert.match(lines.join(""), /^[ -~]*$/);
    }
  }
});

test("24 rows hold it in UTF-8, with a line before and a question behind", () => {
  for (const [issuer, account] of NAMES.slice(0, 2)) {
    assert.ok(loginCard(content(issuer, account), "utf8").length <= 21);
  }
});

test(
  "a reader reads it, with names of a usual length in ASCII too",
  needs("zbarimg"),
  async (t) => {
    const look = THEMES.dark;
    assert.ok(look);
    const file = join(await makeDirectory(t), "card.png");
    for (const [issuer, account] of NAMES.slice(0, 3)) {
      for (const style of ["utf8", "ascii"] as const) {
        const lines = loginCard(content(issuer, account), style);
        const isDrawn = lines.some((line) => line.includes(style === "utf8" ? "██" : "####"));
        assert.equal(isDrawn, style === "utf8" || issuer.length < 40, issuer);
        if (!isDrawn) continue;
        const cells = readScreen(lines.join("\n"), look);
        const size = { columns: 80, rows: lines.length + 2 };
        writeFileSync(file, (style === "utf8" ? paint : paintBlurred)(cells, size, look));
        const { stdout } = await run(["zbarimg", "--quiet", "--raw", "--nodbus", file]);
        assert.ok(stdout.startsWith(`otpauth://totp/${issuer}:`), `${issuer} ${style}`);
        assert.equal(new URL(stdout.trimEnd()).searchParams.get("secret"), KEY);
      }
    }
  },
);
