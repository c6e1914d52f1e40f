/** The pages as a browser shows them, and as a screen reader is told of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listenForCallback } from "../../src/terminal/callback-server.ts";
import { Browser } from "../support/browser.ts";
import { needs } from "../support/parts.ts";

const STATE = "s".repeat(43);

/** Relative luminance of what CSS calls `rgb(r, g, b)` (WCAG 2.2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[0-9]+/g) ?? []).map((each) => {
    const part = Number(each) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Every text's colour, and that of the ground it stands on. */
const COLOURS = `[...document.querySelectorAll("header, h1, p")].map((each) => {
  const ground = each.closest("main") ?? document.body;
  return [getComputedStyle(each).color, getComputedStyle(ground).backgroundColor];
})`;

const FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";

describe("the pages in a browser", needs("chromium"), () => {
  for (const scheme of ["light", "dark"] as const) {
    for (const width of [1280, 320]) {
      test(`${scheme}, ${width} wide: contrast, width, and no complaint`, async (t) => {
        const server = await listenForCallback();
        const waiting = server.wait(STATE);
        const browser = await Browser.start(t);
        await browser.look({ width, height: 640, scheme });
        const heard = browser.complaints();
        for (const query of [`state=x&duo_code=c`, `state=${STATE}&duo_code=c`]) {
          await browser.goTo(`${server.redirectUri}?${query}`);
          const pairs = (await browser.evaluate(COLOURS)) as readonly [string, string][];
          assert.equal(pairs.length, 4);
          for (const [text, ground] of pairs) {
            assert.ok(contrast(text, ground) >= 7, `${text} on ${ground}`);
            assert.equal(luminance(text) < luminance(ground), scheme === "light");
          }
          assert.equal(await browser.evaluate(FITS), true);
        }
        await waiting;
        await server.close();
        // The status of the refused page, and nothing of policy, style or icon.
        assert.deepEqual(heard.length, 1, heard.join());
        assert.match(heard[0] ?? "", /status of 400/);
      });
    }
  }

  test("for a screen reader: a title, a language, a heading, one main part", async (t) => {
    const server = await listenForCallback();
    const waiting = server.wait(STATE);
    const browser = await Browser.start(t);
    await browser.goTo(`${server.redirectUri}?state=${STATE}&duo_code=c`);
    await waiting;
    const spoken = await browser.spoken();
    const named = (role: string) => spoken.filter((each) => each.role === role);
    assert.deepEqual(named("RootWebArea"), [
      { role: "RootWebArea", name: "Received - countersign" },
    ]);
    assert.deepEqual(named("heading"), [{ role: "heading", name: "Received" }]);
    assert.equal(named("main").length, 1);
    assert.equal(await browser.evaluate("document.documentElement.lang"), "en");
    assert.equal(await browser.evaluate("document.scripts.length"), 0);
    await server.close();
  });
});
