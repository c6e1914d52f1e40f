/** The host's PAM services: which ask for a code, and whether a refusal refuses. */
import { type Finding, voiceOf } from "./finding.ts";
import { saysEnroll } from "./pam/enroll.ts";
import { isModule, socketOf } from "./pam/module-line.ts";
import {
  asksCountersign,
  concernsCountersign,
  demandsPassword,
  examineService,
  type Installed,
  type Note,
} from "./pam/service.ts";
import { linesOf, type PamPlaces, readServices, type Service } from "./pam/services.ts";

export interface PamReaders extends PamPlaces, Installed {
  /** Where countersign is installed, for the line to add. */
  readonly program: string;
  /** False when this host has neither settings nor key nor store. */
  readonly isBegun: () => boolean;
  /** True where sshd's ForceCommand asks, which needs no service. */
  readonly isForced: () => boolean;
  /** True where the policy has people set up in their login. */
  readonly setsUp: () => boolean;
}

const { ok, warning, problem } = voiceOf("pam");

export function examinePam(readers: PamReaders): Finding[] {
  const { services, broken } = readServices(readers);
  const asking = services.filter((service) => concernsCountersign(service, readers));
  const unread = broken.map(({ place, why }) => problem(`${place} ${why}`));
  if (asking.length === 0) return [...unread, none(readers)];
  const notes = new Map<string, { note: Note; names: string[] }>();
  const sound: string[] = [];
  for (const service of asking) {
    const found = examineService(service, readers);
    if (found.length === 0) sound.push(service.name);
    for (const note of found) {
      const key = `${note.state} ${note.why}`;
      notes.set(key, { note, names: [...(notes.get(key)?.names ?? []), service.name] });
    }
  }
  const begun = readers.isBegun()
    ? []
    : [
        problem(
          "services ask countersign, yet nothing is set up: all are refused",
          "countersign init",
        ),
      ];
  const good = sound.length === 0 ? [] : [ok(`${sound.join(", ")}: ask for a code`)];
  const nobody = nobodySetUp(asking, readers);
  return [...unread, ...begun, ...nobody, ...[...notes.values()].map(toFinding), ...good];
}

/** A policy that sets people up where no service does it refuses them all. */
function nobodySetUp(asking: readonly Service[], { setsUp, isForced }: PamReaders): Finding[] {
  const isDone = asking.some(({ steps }) => linesOf(steps).filter(isModule).some(saysEnroll));
  if (isDone || isForced() || !setsUp()) return [];
  return [
    warning(
      "the policy sets people up in their login, and no line of PAM says enroll: they are refused",
      "see SETTING UP IN THE LOGIN in pam_countersign(8)",
    ),
  ];
}

/** The services that ask countersign. */
export function askingServices(places: PamPlaces): string[] {
  return readServices(places)
    .services.filter(({ steps }) => linesOf(steps).some(asksCountersign))
    .map(({ name }) => name);
}

/** The services that let in nobody without a password. */
export function passwordServices(places: PamPlaces): string[] {
  return readServices(places)
    .services.filter(demandsPassword)
    .map(({ name }) => name);
}

/** A socket that lines of the module ask at, and the services they are in. */
export interface AskedSocket {
  readonly path: string;
  readonly services: readonly string[];
}

export function askedSockets(places: PamPlaces): AskedSocket[] {
  const asked = new Map<string, Set<string>>();
  for (const { name, steps } of readServices(places).services) {
    for (const line of linesOf(steps).filter(isModule)) {
      const path = socketOf(line);
      asked.set(path, (asked.get(path) ?? new Set()).add(name));
    }
  }
  return [...asked].map(([path, services]) => ({ path, services: [...services] }));
}

function none({ program, isForced }: PamReaders): Finding {
  if (isForced()) return ok("no service asks countersign: sshd's ForceCommand does");
  return warning(
    "no service asks countersign",
    "enroll first, then write in /etc/pam.d/sshd in place of its @include common-auth: " +
      `auth required pam_exec.so quiet seteuid expose_authtok ${program} verify --pam, ` +
      "and below it: auth required pam_permit.so",
  );
}

function toFinding({ note, names }: { note: Note; names: string[] }): Finding {
  const say = note.state === "problem" ? problem : warning;
  return say(`${names.join(", ")}: ${note.why}`, note.mend);
}
