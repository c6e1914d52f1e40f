/** The policy for its commands: read, changed under the lock of the settings, and foreseen. */
import type { PolicyExplanation } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import {
  type Administrator,
  type LockOut,
  lockOut,
  type PolicySettings,
  standingWithout,
} from "../core/policy/lock-out.ts";
import type { Rule } from "../core/policy/rule.ts";
import { RULES, SCHEMA, type Settings } from "../settings/schema.ts";
import type { Scope } from "../settings/scope.ts";
import { loadSettings, unreadableRule } from "../settings/settings.ts";
import { fillIn, validate } from "../settings/validate.ts";
import type { Writer } from "../settings/writer.ts";
import { isSetUp, withCountersign } from "./connect.ts";
import { hostAdministrators, hostGroupsOf, unknownToHost } from "./host-groups.ts";
import { checkMethods } from "./methods.ts";
import { asOwner, duringAsOwner } from "./owner.ts";
import { recordChange, scopeToChange } from "./settings.ts";

export type { LockOut, PolicyExplanation, PolicySettings };

/** @throws Fault as `loadSettings`; `not-permitted` where a daemon's policy is not the caller's */
export function readPolicy(): PolicySettings {
  const scope = scopeOfPolicy();
  return asOwner(scope, () => loadSettings(scope)).policy;
}

/** What a change makes of the policy, in words for the audit log. */
export interface PolicyChange {
  readonly policy: PolicySettings;
  readonly told: string;
}

export interface PolicyChanged {
  readonly before: PolicySettings;
  readonly after: PolicySettings;
  /** Of a forced change, or one whose time is still to come. */
  readonly lockOut?: LockOut | undefined;
  /** What kept the administrators from being looked at, of a forced change. */
  readonly unforeseen?: Fault | undefined;
  /** What kept it from the audit log. */
  readonly unrecorded?: Fault | undefined;
}

export interface ChangeOptions {
  /** Also where no administrator could pass any more. */
  readonly force?: boolean;
  /** For a change that shuts nobody out: it is made also while the store is out of reach. */
  readonly opens?: boolean;
  /** A method that does not count any more. */
  readonly without?: string;
}

const METHODS = "methods.";

/**
 * @param change called with the policy as it is, while nobody else can change it; what it throws
 *   leaves everything as it was
 * @throws Fault `refused` for one that shuts all administrators out; as `changeSettings`
 */
export async function changePolicy(
  change: (policy: PolicySettings) => PolicyChange,
  options: ChangeOptions = {},
): Promise<PolicyChanged> {
  return edit((writer, before) => {
    const { policy, told } = change(before);
    assertFits(policy);
    write(writer, before, policy);
    return { action: "settings-set", told };
  }, options);
}

/**
 * True for the settings by which somebody may be shut out that `config` sets by name: those of
 * the policy but the list of rules, and which methods count.
 */
export function isOfPolicy(setting: string): boolean {
  return setting.startsWith("policy.") || setting.startsWith(METHODS);
}

/**
 * The same for one of them.
 * @param text as typed; undefined takes it out of the file
 * @throws Fault `usage` for an unknown name or an unfit value; as `changePolicy`
 */
export async function changePolicySetting(
  name: string,
  text: string | undefined,
  { force = false }: { readonly force?: boolean },
): Promise<PolicyChanged> {
  const { readSetting } = await import("../settings/editor.ts");
  const value = text === undefined ? undefined : readSetting(name, text);
  return edit(
    (writer) => {
      if (value === undefined) writer.delete(name);
      else writer.set(name, value);
      return value === undefined
        ? { action: "settings-unset", told: name }
        : { action: "settings-set", told: `${name}=${value}` };
    },
    name.startsWith(METHODS)
      ? { force, opens: value !== "off", without: name.slice(METHODS.length) }
      : { force, opens: value === "off" || value === "allow" },
  );
}

/** How the audit log is told of it. */
interface Told {
  readonly action: "settings-set" | "settings-unset";
  readonly told: string;
}

/** Makes a change under the lock of the settings, unless it shuts all administrators out. */
async function edit(
  change: (writer: Writer, before: PolicySettings) => Told,
  options: ChangeOptions,
): Promise<PolicyChanged> {
  const scope = scopeOfPolicy();
  const { administrators, unforeseen } = await look(scope, options);
  const { without } = options;
  const afterwards =
    without === undefined
      ? administrators
      : administrators.map((each) => standingWithout(without, each));
  const { changeSettings } = await import("../settings/writer.ts");
  const done = await duringAsOwner(scope, async () => {
    let made: (PolicyChanged & Told) | undefined;
    const edited = (writer: Writer): void => {
      const before = policyIn(writer);
      const words = change(writer, before);
      const after = policyIn(writer);
      const found = lockOut(before, after, administrators, Date.now(), afterwards);
      if (found && found.at <= Date.now() && !options.force) throw shutsAllOut(found);
      made = { ...words, before, after, lockOut: found };
    };
    await changeSettings(scope, edited, options.without === undefined ? undefined : checkMethods);
    return made;
  });
  if (done === undefined) throw new Fault("internal", "the policy was not changed");
  const { action, told, ...changed } = done;
  const unrecorded = await recordChange(action, told);
  return { ...changed, unforeseen, unrecorded };
}

/** Login names and groups that rules name and the host does not know. */
export async function unknownNames(
  rules: readonly Rule[],
): Promise<{ readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> }> {
  const [users, groups] = await Promise.all([
    unknownToHost(
      "passwd",
      rules.flatMap((rule) => rule.users ?? []),
    ),
    unknownToHost(
      "group",
      rules.flatMap((rule) => rule.groups ?? []),
    ),
  ]);
  return { users: new Set(users), groups: new Set(groups) };
}

function scopeOfPolicy(): Scope {
  return scopeToChange("the policy");
}

/** Whoever administers this host, and how they stand; nobody where no login asks this store. */
async function look(
  scope: Scope,
  { force = false, opens = false }: ChangeOptions,
): Promise<{ administrators: readonly Administrator[]; unforeseen?: Fault }> {
  if (opens || scope.name === "personal" || !isSetUp(scope)) return { administrators: [] };
  try {
    const host = await hostAdministrators();
    const stands = await withCountersign({}, async ({ service, caller }) => {
      const all: Administrator[] = [];
      // A trial is administered by whoever made it.
      const names = scope.name === "system" ? host : new Set([...host, caller.login]);
      for (const name of names) {
        all.push({ ...(await service.standing(name)), groups: await hostGroupsOf(name) });
      }
      return all;
    });
    return { administrators: stands };
  } catch (error) {
    if (!(error instanceof Fault) || !force) throw error;
    return { administrators: [], unforeseen: error };
  }
}

function shutsAllOut({ services }: LockOut): Fault {
  return new Fault(
    "refused",
    `no administrator could pass any more at ${services.join(", ")}: nothing was changed`,
    { hint: "enroll one first, or exempt one with --first; --force does it all the same" },
  );
}

/** What a login would refuse to read is told before anything is written. */
function assertFits({ rules }: PolicySettings): void {
  const found = validate(RULES, rules, "the list of rules") ?? unreadableRule(rules);
  if (!found) return;
  throw new Fault("usage", `${found.place}: ${found.problem}`, { hint: "man countersign.json" });
}

function policyIn(writer: Writer): PolicySettings {
  const written = { policy: writer.get("policy") ?? {} };
  // The file has been checked: it is the schema's by now.
  return (fillIn(SCHEMA, written) as unknown as Settings).policy;
}

/** What did not change stays as it was written, also where that was nowhere. */
function write(writer: Writer, before: PolicySettings, after: PolicySettings): void {
  for (const name of ["enabled", "unenrolled", "defaultMethod"] as const) {
    if (after[name] !== before[name]) writer.set(`policy.${name}`, after[name]);
  }
  if (after.rules === before.rules) return;
  if (after.rules.length > 0) writer.set("policy.rules", after.rules);
  else writer.delete("policy.rules");
}
