/** Lines of a text of any length, in the memory of one chunk and one line. */

export type Chunks = AsyncIterable<string> | Iterable<string>;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the line break; undefined for one that is longer than `longest` characters. */
  readonly text: string | undefined;
  /** False for a last line without a line break: the file may have been cut off in it. */
  readonly isEnded: boolean;
}

/** A byte order mark at the beginning is none of the first line's. */
export async function* linesOf(chunks: Chunks, longest: number): AsyncGenerator<Line> {
  let number = 1;
  let rest = "";
  let isOverlong = false;
  const extend = (part: string): void => {
    isOverlong ||= rest.length + part.length > longest;
    rest = isOverlong ? "" : rest + part;
  };
  const take = (isEnded: boolean): Line => {
    const text = isOverlong ? undefined : rest.replace(number === 1 ? /^\ufeff|\r$/g : /\r$/, "");
    rest = "";
    isOverlong = false;
    return { number: number++, text, isEnded };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf("\n"); to >= 0; to = chunk.indexOf("\n", from)) {
      extend(chunk.slice(from, to));
      yield take(true);
      from = to + 1;
    }
    extend(chunk.slice(from));
  }
  if (rest !== "" || isOverlong) yield take(false);
}
