/**
 * JSON as RFC 8259 has it and no laxer: no byte order mark, no bytes that are not UTF-8,
 * and no name twice in one object, where JSON.parse silently lets the last one win and
 * other readers the first.
 */

/** Thrown with a message that says where, and never quotes the text. */
export class JsonProblem extends Error {}

export function parseStrict(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  if (text.trim() === "") throw new JsonProblem("is empty");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text; its numbers are all that is needed.
    const position = /line \d+ column \d+/.exec(error instanceof Error ? error.message : "");
    throw new JsonProblem(`is not valid JSON${position ? ` at ${position[0]}` : ""}`);
  }
  const repeated = repeatedName(text);
  if (repeated !== undefined) throw new JsonProblem(`names ${repeated} twice`);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    // ignoreBOM keeps the mark in the text, where JSON.parse refuses it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonProblem("is not UTF-8");
  }
}

/** An object or array being read; `name` is the last name, `expected` that one comes next. */
interface Open {
  readonly names: Set<string> | undefined;
  name: string;
  expected: boolean;
}

/** The dotted place of the first name that one object has twice, in text that is valid JSON. */
function repeatedName(text: string): string | undefined {
  const open: Open[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/gs)) {
    const inner = open.at(-1);
    if (token === "{") open.push({ names: new Set(), name: "", expected: true });
    else if (token === "[") open.push({ names: undefined, name: "", expected: false });
    else if (token === "}" || token === "]") open.pop();
    else if (inner?.names === undefined) continue;
    else if (token === ",") inner.expected = true;
    else if (inner.expected) {
      // Compared as what it spells: "\u0061" is "a".
      inner.name = JSON.parse(token);
      inner.expected = false;
      if (inner.names.has(inner.name)) return open.map(({ name }) => name).join(".");
      inner.names.add(inner.name);
    }
  }
  return undefined;
}
