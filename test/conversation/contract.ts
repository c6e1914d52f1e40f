/** What every mouth does alike: the terms of src/contracts/conversation.ts, each a test. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { readAnswer } from "../../src/core/answer.ts";
import { isPrintable } from "../../src/core/printable.ts";
import { callbackUri } from "../../src/core/redirect.ts";
import type { Act, Outcome, Step } from "./scene.ts";

/** What a mouth may be without; only a reason excuses it. */
type Ability =
  | "shows questions"
  | "cleans texts"
  | "cancels a question"
  | "limits a question"
  | "takes any text"
  | "takes control characters as keys"
  | "listens for the browser";

export interface Mouth {
  readonly name: string;
  readonly needs: { readonly skip?: string };
  readonly lacks: Readonly<Partial<Record<Ability, string>>>;
  /** Bytes of a question that are shown at least. */
  readonly longestQuestion: number;
  play(t: TestContext, script: readonly Step[], acts: readonly Act[]): Promise<Played>;
}

export interface Played {
  readonly outcomes: readonly Outcome[];
  /** Everything that the person was shown, with line feeds between. */
  readonly saw: string;
  /** For each answer that was given, whether the person saw it while they typed. */
  readonly shown: readonly boolean[];
}

const ANSWERS = [
  "123456",
  "",
  "inner  spaces and\u00a0others",
  "t\u00e4glich gr\u00fc\u00dft \u{1F98A} %20\\x41",
  "x".repeat(64),
  "\u00e9".repeat(300),
];

const CODES = ["123456", "", " 123 456 ", "ABCDE-fghjk", "push"];

const HOSTILE =
  "one\u001b]0;title\u0007 \u001b[2Jtwo\u009b31m \u202ethree\u200b\nVerification code: forged\r\n\tfour";
const HARMLESS = "one]0;title [2Jtwo31m three Verification code: forged";

export function conversationContract(mouth: Mouth): void {
  const can = (ability: Ability): boolean => mouth.lacks[ability] === undefined;

  describe(`a conversation: ${mouth.name}`, mouth.needs, () => {
    test("an answer arrives exactly, each at its own question", async (t) => {
      const answers = can("takes any text") ? ANSWERS : CODES;
      const script = answers.map((_, n) => ask("prompt", `Question ${n}:`));
      const { outcomes } = await mouth.play(t, script, answers.map(answer));
      assert.deepEqual(
        outcomes,
        answers.map((text) => ({ kind: "text", text })),
      );
    });

    test("what is no line of text is no code", async (t) => {
      const control = "123\u0001456";
      const [given] = (await mouth.play(t, [ask("prompt", "Code:")], [answer(control)])).outcomes;
      if (!can("takes any text")) return assert.deepEqual(given, { kind: "end-of-input" });
      assert.ok(given?.kind === "text");
      // A terminal's control characters are keys; those without a meaning type nothing.
      const keys = can("takes control characters as keys");
      assert.equal(given.text, keys ? "123456" : control);
      if (!keys) assert.equal(readAnswer(given.text).shape, "malformed");
    });

    test("an answer without end is no code, however it begins", async (t) => {
      const endless = `123456${" ".repeat(600)}${"7".repeat(5_000)}`;
      const [given] = (await mouth.play(t, [ask("prompt", "Code:")], [answer(endless)])).outcomes;
      if (given?.kind === "text") assert.equal(readAnswer(given.text).shape, "malformed");
      else assert.ok(given?.kind === "cancelled" || given?.kind === "end-of-input");
    });

    if (can("shows questions")) {
      test("a secret is not shown, and what is none is", async (t) => {
        const script = [ask("promptSecret", "Secret:"), ask("prompt", "Plain:")];
        const played = await mouth.play(t, script, [answer("Hidden4711"), answer("Open0815")]);
        assert.deepEqual(played.shown, [false, true]);
        assert.match(played.saw, /Secret:[\s\S]*Plain:/);
        assert.doesNotMatch(played.saw, /Hidden|4711/);
      });

      test("a question longer than a line is shown as far as it can be", async (t) => {
        const text = `${"word ".repeat(mouth.longestQuestion / 5 - 1)}end:`;
        const { outcomes, saw } = await mouth.play(t, [ask("prompt", text)], [answer("yes")]);
        assert.deepEqual(outcomes, [{ kind: "text", text: "yes" }]);
        assert.ok(saw.includes(text), saw);
      });
    }

    ends(mouth, "ends the input", "end-of-input");
    if (can("cancels a question")) ends(mouth, "cancels", "cancelled");
    if (can("limits a question")) ends(mouth, "is silent", "timed-out");

    test("what is said comes in order, and before the next question", async (t) => {
      const script: Step[] = [
        { say: "info", text: "first" },
        { say: "error", text: "second" },
        { say: "open", text: "https://example.org/a?b=c&d=%20" },
        { say: "info", text: "third" },
        ask("prompt", "Question:"),
        { say: "info", text: "fourth" },
      ];
      const { saw, outcomes } = await mouth.play(t, script, [answer("yes")]);
      assert.deepEqual(outcomes, [{ kind: "text", text: "yes" }]);
      const said = ["first", "second", "https://example.org/a?b=c&d=%20", "third"];
      const asked = can("shows questions") ? ["Question:"] : [];
      inOrder(saw, [...said, ...asked, "fourth"]);
    });

    test("long texts are said whole, and an address is not cut", async (t) => {
      const info = `${"x".repeat(1_000)} said`;
      const url = `https://example.org/${"a.b-c_d~".repeat(200)}?state=${"0".repeat(300)}`;
      const script: Step[] = [
        { say: "info", text: info },
        { say: "open", text: url },
        ask("prompt", "Question:"),
      ];
      const { saw } = await mouth.play(t, script, [answer("yes")]);
      assert.ok(saw.includes(info));
      assert.ok(saw.split(/\s+/).includes(url), saw);
    });

    test("a text without end ends no conversation", async (t) => {
      const script: Step[] = [
        { say: "info", text: "\u{1F98A}".repeat(5_000) },
        ask("prompt", "Question:"),
      ];
      const { outcomes } = await mouth.play(t, script, [answer("yes")]);
      assert.deepEqual(outcomes, [{ kind: "text", text: "yes" }]);
    });

    if (can("cleans texts")) {
      test("what a terminal would obey goes, and nothing passes for another line", async (t) => {
        const said = (["info", "error", "open"] as const).map(
          (say): Step => ({ say, text: `${say} ${HOSTILE}` }),
        );
        const script = [...said, ask("promptSecret", `asked ${HOSTILE} end:`)];
        const { saw } = await mouth.play(t, script, [answer("yes")]);
        const asked = can("shows questions") ? ["asked"] : [];
        inOrder(
          saw,
          ["info", "error", "open", ...asked].map((word) => `${word} ${HARMLESS}`),
        );
        const odd = saw.split(/\r*\n/).filter((line) => !isPrintable(line));
        assert.deepEqual(odd, []);
        assert.doesNotMatch(saw, /^Verification code/m);
      });
    }

    test("after Duo's address, the one that the browser ended at is pasted, however long", async (t) => {
      const { url, redirectUri } = visit();
      const pasted = `${redirectUri}?state=${STATE}&duo_code=${"c".repeat(1_000)}`;
      const script: Step[] = [{ say: "open", text: url }, ask("prompt", "Paste:")];
      const { outcomes, saw } = await mouth.play(t, script, [answer(pasted)]);
      assert.deepEqual(outcomes, [{ kind: "text", text: pasted }]);
      assert.ok(saw.split(/\s+/).includes(url), saw);
    });

    if (can("listens for the browser")) {
      test("after Duo's address, a browser that comes back answers in the person's place", async (t) => {
        const { url, redirectUri } = visit();
        const ended = `${redirectUri}?state=${STATE}&duo_code=c0de`;
        const script: Step[] = [
          { say: "open", text: url },
          ask("prompt", "Paste:"),
          ask("prompt", "Again:"),
          ask("prompt", "Then:"),
        ];
        // A slip of the pen leaves the way open for the browser.
        const acts: Act[] = [answer("a slip"), `comes back to ${ended}`, answer("yes")];
        const { outcomes } = await mouth.play(t, script, acts);
        assert.deepEqual(
          outcomes,
          ["a slip", ended, "yes"].map((text) => ({ kind: "text", text })),
        );
      });
    }

    test("while something else is waited for, the person is told, and asked afterwards", async (t) => {
      const script: Step[] = [{ wait: 300, text: "patience" }, ask("prompt", "Question:")];
      const { outcomes, saw } = await mouth.play(t, script, ["is silent", answer("yes")]);
      assert.deepEqual(outcomes, [{ kind: "waited" }, { kind: "text", text: "yes" }]);
      assert.match(saw, /patience/);
    });

    for (const act of ["cancels", "hangs up"] as const) {
      test(`while something else is waited for, a person who ${act} is heard at once`, async (t) => {
        const script: Step[] = [{ wait: 60_000, text: "patience" }, ask("prompt", "Question:")];
        const since = performance.now();
        const { outcomes, saw } = await mouth.play(t, script, [act]);
        assert.ok(performance.now() - since < 15_000);
        assert.deepEqual(outcomes[0], { kind: "gone" });
        const end = outcomes[1]?.kind ?? "";
        assert.ok(["cancelled", "end-of-input"].includes(end), end);
        assert.doesNotMatch(saw, /Question:/);
      });
    }

    test("an answer before a wait is the engine's, and the wait begins", async (t) => {
      const script: Step[] = [ask("prompt", "Question:"), { wait: 50, text: "patience" }];
      const { outcomes } = await mouth.play(t, script, [answer("push"), "is silent"]);
      assert.deepEqual(outcomes, [{ kind: "text", text: "push" }, { kind: "waited" }]);
    });
  });
}

const STATE = "s".repeat(43);

/** An address as Duo's SDK makes it, with a port of its own. */
function visit(): { readonly url: string; readonly redirectUri: string } {
  const redirectUri = callbackUri(randomInt(20_000, 30_000));
  const claims = { redirect_uri: redirectUri, state: STATE, duo_uname: "alice" };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const request = `${part({ alg: "HS512" })}.${part(claims)}.${"x".repeat(86)}`;
  const url = `https://api-12345678.duosecurity.com/oauth/v1/authorize?request=${request}`;
  return { url, redirectUri };
}

/** Ended once, it stays so: the same reply to every question, of which the person sees none. */
function ends(mouth: Mouth, act: Act, kind: Outcome["kind"]): void {
  test(`a person who ${act}: ${kind}, and nobody is asked any more`, async (t) => {
    const script = [
      ask("prompt", "First:"),
      ask("promptSecret", "Second:"),
      ask("prompt", "Third:"),
    ];
    const { outcomes, saw } = await mouth.play(t, script, [act]);
    assert.deepEqual(outcomes, [{ kind }, { kind }, { kind }]);
    assert.doesNotMatch(saw, /Second|Third/);
  });

  test(`a person who ${act} after an answer: that was one, and then ${kind}`, async (t) => {
    const script = [ask("prompt", "First:"), ask("prompt", "Second:"), ask("prompt", "Third:")];
    const { outcomes } = await mouth.play(t, script, [answer("yes"), act]);
    assert.deepEqual(outcomes, [{ kind: "text", text: "yes" }, { kind }, { kind }]);
  });
}

function ask(kind: "prompt" | "promptSecret", text: string): Step {
  return { ask: kind, text: `${text} ` };
}

function answer(text: string): Act {
  return { answer: text };
}

function inOrder(saw: string, pieces: readonly string[]): void {
  let from = 0;
  for (const piece of pieces) {
    const at = saw.indexOf(piece, from);
    assert.ok(at >= 0, `${JSON.stringify(piece)} is not there, or not in order: ${saw}`);
    from = at + piece.length;
  }
}
