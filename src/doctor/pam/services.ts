/** The services of a host, each with its lines in the order libpam runs them. */
import { readdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { errnoOf } from "../../core/fault.ts";
import { readTextFile } from "../text-file.ts";
import { type PamLine, parsePamLines, servicesIn } from "./lines.ts";

/** A line to run, or a substack: what ends that early ends nothing outside it. */
export type Step = PamLine | { readonly substack: readonly Step[] };

export interface Service {
  readonly name: string;
  /** Of all types; inclusions are followed. */
  readonly steps: readonly Step[];
}

export interface Services {
  readonly services: readonly Service[];
  /** What could not be read or followed, by the file or line. */
  readonly broken: readonly { readonly place: string; readonly why: string }[];
}

export interface PamPlaces {
  /** The administrator's first: a service there hides the same in the next. */
  readonly directories: readonly string[];
  /** Read only where none of the directories is there. */
  readonly conf: string;
}

/** As deep as libpam follows inclusions. */
const DEPTH_MAX = 16;
/** No real service has as many; files that include each other twice would have millions. */
const STEPS_MAX = 5_000;

/** Copies that package managers and editors leave, which are services in name alone. */
const LEFT_OVER =
  /^\.|~$|\.(bak|old|orig|save|swp|rpmnew|rpmsave|rpmorig|dpkg-\w+|ucf-\w+|pam-\w+)$/;

export function readServices(places: PamPlaces): Services {
  const broken = new Map<string, string>();
  const refuse = (place: string, why: string): void => void broken.set(place, why);
  const names = [...new Set(places.directories.flatMap((path) => namesIn(path) ?? []))].sort();
  const included = new Set<string>();
  const reader = new Reader(places.directories, refuse, included);
  const services: Service[] = names
    .filter((name) => !LEFT_OVER.test(name))
    .map((name) => ({ name, steps: reader.follow(name) }))
    // What is only there to be included is judged where it is included.
    .filter(({ name }) => !(included.has(name) && /^common-|-auth$|-auth-ac$/.test(name)));
  if (names.length === 0) services.push(...fromConf(places.conf, reader, refuse));
  return { services, broken: [...broken].map(([place, why]) => ({ place, why })) };
}

/** Every line of a service, substacks included. */
export function linesOf(steps: readonly Step[]): PamLine[] {
  return steps.flatMap((step) => ("substack" in step ? linesOf(step.substack) : [step]));
}

function namesIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

type Refuse = (place: string, why: string) => void;

function fromConf(path: string, reader: Reader, refuse: Refuse): Service[] {
  const file = readTextFile(path);
  if (file === "absent") return [];
  if ("refused" in file) {
    refuse(path, file.refused);
    return [];
  }
  return servicesIn(file.text).map((name) => ({
    name,
    steps: reader.expand(parsePamLines(file.text, path, name), undefined, []),
  }));
}

class Reader {
  readonly #directories: readonly string[];
  readonly #refuse: Refuse;
  readonly #included: Set<string>;
  readonly #files = new Map<string, readonly PamLine[]>();
  #left = STEPS_MAX;

  constructor(directories: readonly string[], refuse: Refuse, included: Set<string>) {
    this.#directories = directories;
    this.#refuse = refuse;
    this.#included = included;
  }

  /** The steps of a service. */
  follow(name: string): Step[] {
    this.#left = STEPS_MAX;
    return this.expand(this.#linesIn(name, name), undefined, [name]);
  }

  /** @param type of which lines alone are meant; all when undefined */
  expand(lines: readonly PamLine[], type: string | undefined, path: readonly string[]): Step[] {
    return lines
      .filter((line) => line.type === "@include" || type === undefined || line.type === type)
      .flatMap((line) => this.#step(line, type, path));
  }

  #step(line: PamLine, type: string | undefined, path: readonly string[]): Step[] {
    if (this.#left-- <= 0) {
      this.#refuse(path[0] ?? line.place, "has too many lines to follow");
      return [];
    }
    const whole = line.type === "@include";
    if (!whole && line.control !== "include" && line.control !== "substack") return [line];
    const { module: name, place } = line;
    if (path.includes(name) || path.length > DEPTH_MAX) {
      this.#refuse(place, `includes ${name}, which leads back to it: the service does not work`);
      return [];
    }
    this.#included.add(name);
    const inner = this.expand(this.#linesIn(name, place), whole ? type : line.type, [
      ...path,
      name,
    ]);
    return line.control === "substack" ? [{ substack: inner }] : inner;
  }

  #linesIn(name: string, place: string): readonly PamLine[] {
    const known = this.#files.get(name);
    if (known) return known;
    const lines = this.#read(name, place);
    this.#files.set(name, lines);
    return lines;
  }

  #read(name: string, place: string): PamLine[] {
    const paths = isAbsolute(name) ? [name] : this.#directories.map((each) => join(each, name));
    for (const path of paths) {
      const file = readTextFile(path);
      if (file === "absent") continue;
      if ("text" in file) return parsePamLines(file.text, path);
      this.#refuse(path, file.refused);
      return [];
    }
    this.#refuse(place, `names ${name}, which is not there`);
    return [];
  }
}
