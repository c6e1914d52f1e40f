/** The lines of a PAM configuration file, split as libpam splits them (pam.conf(5)). */

export interface PamLine {
  /** For people: the file and the line it begins on. */
  readonly place: string;
  /** auth, account, password or session; "@include" for Debian's inclusion of a whole file. */
  readonly type: string;
  /** A word, or the inside of square brackets with them. */
  readonly control: string;
  /** The module; of an inclusion the file. */
  readonly module: string;
  readonly args: readonly string[];
}

/** @param service set for pam.conf, whose lines begin with a service: others are left out */
export function parsePamLines(text: string, file: string, service?: string): PamLine[] {
  return logicalLines(text).flatMap(({ words, number }) => {
    const rest = service === undefined ? words : words.slice(1);
    if (service !== undefined && words[0]?.toLowerCase() !== service) return [];
    const [type = "", control = "", module = "", ...args] = rest;
    const place = `${file}:${number}`;
    if (type === "@include") return [{ place, type, control: "", module: control, args: [] }];
    if (module === "") return [];
    // A dash before the type only keeps a missing module out of the log.
    const bare = type.replace(/^-/, "").toLowerCase();
    return [{ place, type: bare, control, module, args: args.map(withoutBrackets) }];
  });
}

/** The services that a pam.conf names. */
export function servicesIn(text: string): string[] {
  return [...new Set(logicalLines(text).flatMap(({ words }) => words[0]?.toLowerCase() ?? []))];
}

/** Comments gone, continued lines joined, empty ones left out. */
function logicalLines(text: string): { words: string[]; number: number }[] {
  const lines: { words: string[]; number: number }[] = [];
  let begun = "";
  let number = 0;
  for (const [index, raw] of text.split("\n").entries()) {
    if (begun === "") number = index + 1;
    const line = raw.replace(/#.*/, "").trimEnd();
    begun += line.endsWith("\\") ? `${line.slice(0, -1)} ` : line;
    if (line.endsWith("\\")) continue;
    const words = begun.match(/\[(?:\\.|[^\]\\])*\]|\S+/g);
    if (words) lines.push({ words, number });
    begun = "";
  }
  return lines;
}

function withoutBrackets(word: string): string {
  return word.startsWith("[") ? word.slice(1, -1).replaceAll("\\]", "]") : word;
}
