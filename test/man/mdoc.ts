/** The man pages as the tests read them: items, flags and examples, from their mdoc source. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/cli.ts";

export const PAGES = [
  "countersign.1",
  "countersign.json.5",
  "countersignd.8",
  "pam_countersign.8",
] as const;

export function source(page: (typeof PAGES)[number]): string {
  return readFileSync(join(ROOT, "man", page), "utf8");
}

/** The lines of one `.Sh` section. */
export function section(text: string, title: string): string {
  const [, after = ""] = text.split(`\n.Sh ${title}\n`);
  return after.split("\n.Sh ")[0] ?? "";
}

export interface Item {
  /** What the head names first: `user list`, `totp.window`. */
  readonly name: string;
  readonly flags: ReadonlySet<string>;
  readonly args: ReadonlySet<string>;
  readonly body: string;
}

/** Items whose head begins with a command modifier (Cm). */
export function items(text: string): Item[] {
  const joined = text.replace(/\.It Xo\n([\s\S]*?)\n\.Xc/g, (_, head: string) =>
    ["It", ...head.split("\n").map((line) => line.replace(/^\./, ""))].join(" ").replace(/^/, "."),
  );
  return joined
    .split(/^(?=\.It Cm )/m)
    .filter((chunk) => chunk.startsWith(".It Cm "))
    .map((chunk) => {
      const [head = "", ...body] = chunk.split("\n");
      return { ...readHead(head), body: body.join("\n") };
    });
}

/** Long flags that a text names anywhere. */
export function flagsIn(text: string): Set<string> {
  return new Set([...text.matchAll(/\bFl -([a-z][a-z-]*)/g)].map((match) => match[1] ?? ""));
}

function readHead(head: string): Omit<Item, "body"> {
  const [, name = ""] = /^\.It Cm ((?:(?!(?:Op|Oo|Pq|Ar|No|Fl|Cm)\b|[,(])\S+ ?)+)/.exec(head) ?? [];
  const args = [...head.matchAll(/\bAr ([A-Z]+)/g)].map((match) => match[1] ?? "");
  return { name: name.trim(), flags: flagsIn(head), args: new Set(args) };
}

/** Every line that a reader could type: displays and literal blocks, continuations joined. */
export function examples(text: string): string[] {
  const blocks = [...text.matchAll(/^\.Bd -literal.*\n([\s\S]*?)^\.Ed/gm)].map((match) => match[1]);
  const lines = [...text.matchAll(/^\.Dl (.*)$/gm)].map((match) => match[1]);
  return [...blocks, ...lines].flatMap((each = "") =>
    each
      .replace(/(\||\\e)\n\s*/g, "$1 ")
      .replaceAll("\\-", "-")
      .split("\n"),
  );
}
