/** Emphasis: on for a terminal that shows it, and off for everything else. */

/** The variables that matter here; process.env is one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is asked of an output stream; process.stdout is one. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** True when colour escapes pass to a person's eyes. NO_COLOR counts when not empty. */
export function showsColour(environment: Environment, output: Output): boolean {
  if (output.isTTY !== true || environment.NO_COLOR) return false;
  return environment.TERM !== undefined && !["", "dumb"].includes(environment.TERM);
}

/** True when the locale's characters are UTF-8: LC_ALL, else LC_CTYPE, else LANG (POSIX 8.2). */
export function isUtf8(environment: Environment): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "";
  return /utf-?8/i.test(locale);
}

/** What texts on this terminal may be made of. */
export function charsetOf(environment: Environment): "utf8" | "ascii" {
  return isUtf8(environment) ? "utf8" : "ascii";
}

export function styleFor(environment: Environment, output: Output): Style {
  const isOn = showsColour(environment, output);
  const paint = (on: number, off: number) => (text: string) =>
    isOn ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
  };
}
