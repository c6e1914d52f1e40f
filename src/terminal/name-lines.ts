/** Names out of a stream of bytes, one a line, however long the stream or a line of it is. */

const FEED = 0x0a;

/** A line, trimmed; undefined for one that is too long or not UTF-8. */
export interface NameLine {
  readonly number: number;
  readonly name: string | undefined;
}

/**
 * The lines that are not empty. Of a line that is too long nothing is kept: no part of it is a
 * name.
 * @param longest in bytes, without the line feed
 */
export async function* nameLines(
  stream: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<NameLine> {
  const line = new Line(longest);
  for await (const bytes of stream) {
    let from = 0;
    for (let end = bytes.indexOf(FEED); end >= 0; end = bytes.indexOf(FEED, from)) {
      line.add(bytes.subarray(from, end));
      yield* line.take();
      from = end + 1;
    }
    line.add(bytes.subarray(from));
  }
  yield* line.take();
}

class Line {
  readonly #longest: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  #number = 1;

  constructor(longest: number) {
    this.#longest = longest;
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > this.#longest) this.#parts = [];
    else this.#parts.push(bytes);
  }

  /** What the line holds, if anything; the next one begins. */
  *take(): Generator<NameLine> {
    const number = this.#number++;
    const name = this.#length > this.#longest ? undefined : textOf(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#length = 0;
    if (name !== "") yield { number, name };
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch {
    return undefined;
  }
}
