/**
 * Lines of the protocol out of a stream of bytes (DESIGN.md 7): UTF-8, at most 8 KiB, ended
 * by a line feed. What breaks these bounds is malformed, and ends the connection: a peer
 * that sends it is not ours, and holding more of it would be its way to our memory.
 */

/** Longest line, its line feed included, in bytes. */
export const LINE_MAX = 8192;

/** Thrown for what is no line of the protocol. Carries nothing of what was sent. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

const LINE_FEED = 0x0a;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class LineReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The lines that these bytes complete, without their line feeds.
   * @throws Malformed for a line that is too long or not UTF-8
   */
  take(bytes: Uint8Array): string[] {
    const all = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const lines: string[] = [];
    let from = 0;
    for (let end = all.indexOf(LINE_FEED); end >= 0; end = all.indexOf(LINE_FEED, from)) {
      if (end - from >= LINE_MAX) throw new Malformed("a line is too long");
      lines.push(decode(all.subarray(from, end)));
      from = end + 1;
    }
    if (all.length - from >= LINE_MAX) throw new Malformed("a line is too long");
    this.#rest.fill(0);
    this.#rest = Buffer.from(all.subarray(from));
    all.fill(0);
    return lines;
  }

  /** True when a line was begun and not ended. */
  get isMidLine(): boolean {
    return this.#rest.length > 0;
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Malformed("a line is not UTF-8");
  }
}
