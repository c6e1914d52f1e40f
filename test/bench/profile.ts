/** Where a process's time went: the self time of each function in a profile of --cpu-prof. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  /** `file:function`. */
  readonly place: string;
  /** Of the time that the process was not idle; from 0 to 1. */
  readonly part: number;
}

/** Of the one profile in `folder`, the longest first. */
export function selfTimes(folder: string): SelfTime[] {
  const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  const profile = JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile;
  const names = new Map(profile.nodes.map((node) => [node.id, placeOf(node)]));
  const times = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const place = names.get(id) ?? "";
    if (place === ":(idle)") continue;
    times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  const sum = [...times.values()].reduce((total, time) => total + time, 0);
  return [...times]
    .map(([place, time]) => ({ place, part: time / sum }))
    .sort((a, b) => b.part - a.part);
}

function placeOf({ callFrame: { url, functionName } }: Node): string {
  const file = url.startsWith("file:") ? relative(ROOT, fileURLToPath(url)) : url;
  return `${file}:${functionName || "(anonymous)"}`;
}
