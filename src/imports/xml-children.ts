/**
 * An XML document as the children of its root, one after the other: a document of any length
 * takes the memory of its largest child, which is bounded. There are no entities but the five
 * of XML itself and nothing is fetched: a document type definition refuses the document.
 */
import { SaxesParser, type SaxesTagNS } from "saxes";
import { Fault } from "../core/fault.ts";
import type { Chunks } from "./lines.ts";

export interface XmlElement {
  /** The namespace; empty for none. */
  readonly uri: string;
  /** The name without its prefix. */
  readonly local: string;
  /** Those in no namespace, by name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** What stands directly in it. */
  readonly text: string;
}

export interface XmlRoot {
  readonly uri: string;
  readonly local: string;
  /** What the document is then called, for a fault. */
  readonly called: string;
}

/** Characters of one child of the root, or between two of them. */
export const CHILD_MAX = 65_536;
/** Characters that are parsed before what came of them is handed on. */
const PIECE = 16_384;
const DEPTH_MAX = 32;
/** ASCII reads the same in them, and nothing beyond ASCII decides anything here. */
const ENCODINGS = ["utf-8", "us-ascii", "iso-8859-1", "windows-1252"];

/**
 * The root itself first, without children or text; then each child with all that is in it.
 * @throws Fault `import-invalid` for what is cut off, not well-formed, or out of bounds
 */
export async function* xmlChildren(chunks: Chunks, root: XmlRoot): AsyncGenerator<XmlElement> {
  const reader = new ChildReader(root);
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      try {
        reader.read(chunk.slice(at, at + PIECE));
      } finally {
        // Before a fault too: what comes of a text is not to hang on how it is cut into chunks.
        yield* reader.taken();
      }
    }
  }
  reader.end();
}

interface Growing extends XmlElement {
  readonly children: Growing[];
  text: string;
}

class ChildReader {
  readonly #parser = new SaxesParser({
    xmlns: true,
    defaultXMLVersion: "1.0",
    forceXMLVersion: true,
  });
  readonly #root: XmlRoot;
  readonly #open: Growing[] = [];
  #ready: XmlElement[] = [];
  /** Where the child began that is being read, or the last one ended. */
  #mark = 0;

  constructor(root: XmlRoot) {
    this.#root = root;
    this.#parser.on("xmldecl", ({ encoding }) => this.#declared(encoding));
    this.#parser.on("doctype", () => this.#refuse("a document type definition is never read"));
    this.#parser.on("opentag", (tag) => this.#opened(tag));
    this.#parser.on("text", (text) => this.#add(text));
    this.#parser.on("cdata", (text) => this.#add(text));
    this.#parser.on("closetag", () => this.#closed());
  }

  read(piece: string): void {
    this.#do(() => this.#parser.write(piece), "this is no well-formed XML");
    this.#checkLength();
  }

  /** The children that were read since it was last called. */
  taken(): XmlElement[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  end(): void {
    this.#do(() => this.#parser.close(), "the file ends before its XML does");
  }

  /** A parser's own message may quote the document, so it goes no further. */
  #do(work: () => unknown, why: string): void {
    try {
      work();
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.#refuse(why);
    }
  }

  #checkLength(): void {
    if (this.#parser.position - this.#mark > CHILD_MAX) {
      this.#refuse(`one entry has more than ${CHILD_MAX} characters`);
    }
  }

  #refuse(why: string): never {
    throw new Fault("import-invalid", `line ${this.#parser.line}: ${why}`, {
      hint: "see that the file is whole, as its maker sent it; nothing was changed",
    });
  }

  #declared(encoding: string | undefined): void {
    if (encoding !== undefined && !ENCODINGS.includes(encoding.toLowerCase())) {
      this.#refuse("its encoding is not UTF-8");
    }
  }

  #opened(tag: SaxesTagNS): void {
    const depth = this.#open.length;
    if (depth >= DEPTH_MAX) this.#refuse(`elements are nested deeper than ${DEPTH_MAX}`);
    const attributes = new Map<string, string>();
    for (const { uri, local, value } of Object.values(tag.attributes)) {
      if (uri === "") attributes.set(local, value);
    }
    const element = { uri: tag.uri, local: tag.local, attributes, children: [], text: "" };
    if (depth === 0) {
      const { uri, local, called } = this.#root;
      if (tag.uri !== uri || tag.local !== local) this.#refuse(`this is no ${called}`);
      this.#ready.push(element);
    }
    if (depth <= 1) this.#mark = this.#parser.position;
    this.#open.push(element);
  }

  #add(text: string): void {
    const element = this.#open.at(-1);
    if (element && this.#open.length > 1) element.text += text;
  }

  #closed(): void {
    this.#checkLength();
    const element = this.#open.pop();
    if (element === undefined) return;
    if (this.#open.length > 1) this.#open.at(-1)?.children.push(element);
    if (this.#open.length === 1) {
      this.#mark = this.#parser.position;
      this.#ready.push(element);
    }
  }
}
