/**
 * Administrative calls: which there are, and what each takes. Arguments come from any user
 * of the host, so each is checked here for its type; what the caller may do, the engine checks.
 */
import type { Conversation } from "../contracts/conversation.ts";
import { IMPORT_FORMATS, type ImportConflict, type ImportEntry } from "../contracts/imported.ts";
import { REPORT_SECTIONS } from "../contracts/report.ts";
import type { Countersign, EnrollOptions, Origin, UserQuery } from "../contracts/service.ts";
import { ACCOUNT_ORDERS, ACCOUNT_STATES, type AuditFilter } from "../contracts/store.ts";
import { type AuditHead, parseHead } from "../core/audit-head.ts";
import { METHOD_NAMES } from "../core/method-name.ts";
import { printable } from "../core/printable.ts";
import { ALGORITHMS, type Algorithm } from "../core/totp.ts";
import { Malformed } from "../protocol/lines.ts";
import { aboutDaemon } from "./about.ts";

export interface Call {
  readonly service: Countersign;
  readonly conversation: Conversation;
  /** Sends one element of a list; resolves when there is room for the next. */
  readonly item: (element: unknown) => Promise<void>;
}

type Handler = (call: Call, argument: Argument) => Promise<unknown>;

export const CALLS: Readonly<Record<string, Handler>> = {
  beginEnrollment: ({ service, conversation }, a) =>
    service.beginEnrollment(a.text("user"), enrollOptions(a), conversation),
  confirmEnrollment: ({ service }, a) =>
    service.confirmEnrollment(a.text("user"), a.text("method"), a.text("code")),
  cancelEnrollment: ({ service }, a) => service.cancelEnrollment(a.text("user"), a.text("method")),
  enrollByChallenge: ({ service, conversation }, a) =>
    service.enrollByChallenge(a.text("user"), a.text("method"), originIn(a), conversation),
  enrollToken: ({ service, conversation }, a) => {
    const token = { method: a.oneOf("method", COUNTED), serial: a.text("serial") };
    return service.enrollToken(a.text("user"), token, conversation);
  },
  resynchronize: ({ service, conversation }, a) => {
    const token = { method: a.oneOf("method", COUNTED), serial: a.optionalText("serial") };
    return service.resynchronize(a.text("user"), token, conversation);
  },
  listTokens: ({ service, item }) => each(service.listTokens(), item),
  removeToken: ({ service }, a) => service.removeToken(a.text("serial"), a.optionalText("method")),
  enrollYubikey: ({ service, conversation }, a) => {
    a.only(["user", "local"]);
    return service.enrollYubikey(a.text("user"), a.optionalFlag("local") ?? false, conversation);
  },
  createInvitation: ({ service }, a) => {
    a.only(["user", "lifetime", "host", "network"]);
    const [host, network] = [a.optionalText("host"), a.optionalText("network")];
    const lifetime = a.optionalNumber("lifetime");
    return service.createInvitation(a.text("user"), { lifetime, host, network });
  },
  listInvitations: ({ service, item }, a) =>
    each(service.listInvitations(a.optionalText("user")), item),
  revokeInvitations: ({ service }, a) => {
    const id = a.optionalText("id");
    return service.revokeInvitations(id === undefined ? { user: a.text("user") } : { id });
  },
  reset: ({ service, conversation }, a) =>
    service.reset(a.text("user"), a.optionalText("method"), conversation),
  resetToken: ({ service, conversation }, a) =>
    service.reset(a.text("user"), a.optionalText("method"), conversation, a.text("serial")),
  generateBackupCodes: ({ service, conversation }, a) =>
    service.generateBackupCodes(a.text("user"), conversation),
  backupCodeStatus: ({ service }, a) => service.backupCodeStatus(a.text("user")),
  revokeBackupCodes: ({ service, conversation }, a) =>
    service.revokeBackupCodes(a.text("user"), conversation),
  listUsers: ({ service, item }) => each(service.listUsers(), item),
  findUsers: ({ service, item }, a) => each(service.listUsers(userQuery(a)), item),
  showUser: ({ service }, a) => service.showUser(a.text("user")),
  disableUser: ({ service }, a) => service.disableUser(a.text("user")),
  enableUser: ({ service }, a) => service.enableUser(a.text("user")),
  unlockUser: ({ service }, a) => service.unlockUser(a.text("user")),
  setAlias: ({ service }, a) => service.setAlias(a.text("user"), a.optionalText("alias")),
  setPreferredMethod: ({ service }, a) =>
    service.setPreferredMethod(a.text("user"), a.optionalOneOf("method", METHOD_NAMES)),
  setMessage: ({ service }, a) => service.setMessage(a.text("user"), a.optionalText("message")),
  listMethods: ({ service }) => service.listMethods(),
  purgeMethod: ({ service }, a) => service.purgeMethod(a.text("method")),
  setMethodSecret: ({ service }, a) => service.setMethodSecret(a.text("method"), a.text("secret")),
  checkMethod: ({ service }, a) => service.checkMethod(a.text("method")),
  explainPolicy: async ({ service, item }, a) =>
    inPieces(await service.explainPolicy(a.text("user"), originIn(a)), item),
  standing: ({ service }, a) => service.standing(a.text("user")),
  listTickets: ({ service, item }, a) => each(service.listTickets(oneOrAll(a)), item),
  revokeTickets: ({ service }, a) => service.revokeTickets(oneOrAll(a)),
  listAudit: ({ service, item }, a) => {
    const [user, since] = [a.optionalText("user"), a.optionalNumber("since")];
    const filter = {
      ...(user === undefined ? {} : { user }),
      ...(since === undefined ? {} : { since }),
    };
    return each(service.listAudit(filter, a.optionalNumber("last")), item);
  },
  findAudit: ({ service, item }, a) =>
    each(service.listAudit(auditFilter(a), a.optionalNumber("last")), item),
  proveAudit: ({ service, item }, a) => {
    // A place that is not known, and not looked for, would prove nothing.
    a.only(["places"]);
    return service.verifyAudit(a.optionalTexts("places")?.map(headIn), counted(item));
  },
  checkpointAudit: ({ service }) => service.checkpointAudit(),
  auditPublicKey: ({ service }) => service.auditPublicKey(),
  archiveAudit: ({ service, item }, a) => each(service.archiveAudit(a.number("before")), item),
  dropArchived: ({ service, item }, a) =>
    service.dropArchived(a.optionalText("checkpoint"), counted(item)),
  auditReport: ({ service, item }, a) =>
    each(
      service.auditReport({
        sections: a.optionalManyOf("sections", REPORT_SECTIONS),
        unusedSince: a.number("unusedSince"),
        failuresSince: a.number("failuresSince"),
      }),
      item,
    ),
  beginImport: ({ service }, a) => service.beginImport(a.optionalFlag("isTrial") ?? false),
  stageImport: async ({ service, item }, a) => {
    a.only(["id", "entries"]);
    const findings = await service.stageImport(a.text("id"), a.list("entries").map(importEntry));
    for (const finding of findings) await item(finding);
    return null;
  },
  commitImport: async ({ service, item }, a) => {
    a.only(["id", "format", "sha256", "isPartly"]);
    const source = { format: a.oneOf("format", IMPORT_FORMATS), sha256: sha256In(a) };
    const isPartly = a.optionalFlag("isPartly") ?? false;
    const outcome = await service.commitImport(a.text("id"), source, isPartly, counted(item));
    return { ...outcome, conflicts: outcome.conflicts.map(fitting) };
  },
  abandonImport: ({ service }, a) => service.abandonImport(a.text("id")),
  recordSetting: ({ service }, a) =>
    service.recordSetting(a.oneOf("action", ["settings-set", "settings-unset"]), a.text("name")),
  status: ({ service }, a) => service.status(a.number("since")),
  about: async () => aboutDaemon(),
};

async function each(elements: AsyncIterable<unknown>, item: Call["item"]): Promise<null> {
  for await (const element of elements) await item(element);
  return null;
}

/** Progress is waited for by nobody; what nobody listens to any more is ended by it. */
function counted(item: Call["item"]): (count: number) => void {
  let failure: unknown;
  return (count) => {
    if (failure !== undefined) throw failure;
    item(count).catch((error: unknown) => {
      failure = error;
    });
  };
}

function headIn(text: string): AuditHead {
  const head = parseHead(text);
  if (head) return head;
  throw new Malformed("an argument is no place in the audit log");
}

/** Characters of which a line holds all, whatever they are. */
const PIECE = 800;

/** A document that may be longer than a line: its text, for the client to put together. */
async function inPieces(document: unknown, item: Call["item"]): Promise<null> {
  const text = JSON.stringify(document);
  for (let at = 0; at < text.length; at += PIECE) await item(text.slice(at, at + PIECE));
  return null;
}

function originIn(a: Argument): Origin {
  return {
    service: a.optionalText("service"),
    rhost: a.optionalText("rhost"),
    tty: a.optionalText("tty"),
    callbackPort: a.optionalNumber("callbackPort"),
  };
}

/** Undefined for everybody: so a field that is not known must not pass for none. */
function oneOrAll(a: Argument): string | undefined {
  a.only(["user"]);
  return a.optionalText("user");
}

const FILTERS = ["status", "method", "unenrolled", "unusedSince", "groups"];
const PLACES = ["sort", "after", "limit"];

function userQuery(a: Argument): UserQuery {
  // A filter that is not known, and not applied, would have the wrong users disabled.
  a.only([...FILTERS, ...PLACES]);
  return {
    status: a.optionalOneOf("status", ACCOUNT_STATES),
    method: a.optionalText("method"),
    unenrolled: a.optionalFlag("unenrolled"),
    unusedSince: a.optionalNumber("unusedSince"),
    groups: a.optionalTexts("groups"),
    sort: a.optionalOneOf("sort", ACCOUNT_ORDERS),
    after: a.optionalText("after"),
    limit: a.optionalNumber("limit"),
  };
}

const ENTRY_FIELDS = [
  ...["place", "user", "method", "serial", "secret", "algorithm", "digits", "period"],
  ...["lastCounter", "skew", "scratchCodes", "isFound"],
];

/** As far as types go: whether it can be, the engine looks. */
function importEntry(a: Argument): ImportEntry {
  // A field that is not known might say that a code was used.
  a.only(ENTRY_FIELDS);
  const digits = a.optionalNumber("digits");
  return {
    place: printable(a.text("place"), PLACE_MOST),
    user: a.optionalText("user"),
    method: a.oneOf("method", ["totp", "hotp", "yubikey"]),
    serial: a.optionalText("serial") ?? "",
    secret: a.bytes("secret"),
    algorithm: a.optionalOneOf("algorithm", ALGORITHMS),
    digits: digits as ImportEntry["digits"],
    period: a.optionalNumber("period"),
    lastCounter: a.optionalNumber("lastCounter"),
    skew: a.optionalNumber("skew") ?? 0,
    scratchCodes: a.optionalTexts("scratchCodes") ?? [],
    isFound: a.optionalFlag("isFound"),
  };
}

function sha256In(a: Argument): string {
  const text = a.text("sha256");
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new Malformed("an argument is no SHA-256");
}

/** So that the few conflicts that are told fit a line. */
function fitting(conflict: ImportConflict): ImportConflict {
  const { user } = conflict;
  return user === undefined ? conflict : { ...conflict, user: printable(user, PLACE_MOST / 2) };
}

const EVENT_TEXTS = ["user", "action", "verdict", "service", "rhost", "method"] as const;
const EVENT_NUMBERS = ["since", "until", "after", "upTo"] as const;

function auditFilter(a: Argument): AuditFilter {
  a.only([...EVENT_TEXTS, ...EVENT_NUMBERS, "last"]);
  return Object.fromEntries([
    ...EVENT_TEXTS.map((name) => [name, a.optionalText(name)]),
    ...EVENT_NUMBERS.map((name) => [name, a.optionalNumber(name)]),
  ]);
}

/** What a secret is made for, or kept of in a token. */
const COUNTED = ["totp", "hotp"] as const;

function enrollOptions(a: Argument): EnrollOptions {
  const method = a.oneOf("method", COUNTED);
  return {
    method,
    issuer: a.optionalText("issuer"),
    algorithm: a.oneOf<Algorithm>("algorithm", ALGORITHMS),
    digits: a.number("digits") === 8 ? 8 : 6,
    period: method === "hotp" ? undefined : a.number("period") === 60 ? 60 : 30,
  };
}

/** Characters of what names an entry of an import. */
const PLACE_MOST = 64;

/** A JSON object from a client, read field by field. Every reader throws Malformed. */
export class Argument {
  readonly #fields: ReadonlyMap<string, unknown>;

  /** @param document JSON, or what it was read as */
  constructor(document: string | object) {
    const value: unknown = typeof document === "string" ? parse(document) : document;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Malformed("an argument is no object");
    }
    this.#fields = new Map(Object.entries(value));
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    if (typeof value === "string") return value;
    throw new Malformed(`the argument ${name} is not text`);
  }

  optionalText(name: string): string | undefined {
    return this.#fields.get(name) === undefined ? undefined : this.text(name);
  }

  number(name: string): number {
    const value = this.#fields.get(name);
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw new Malformed(`the argument ${name} is no whole number`);
  }

  optionalNumber(name: string): number | undefined {
    return this.#fields.get(name) === undefined ? undefined : this.number(name);
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw new Malformed(`the argument ${name} is neither true nor false`);
  }

  optionalTexts(name: string): readonly string[] | undefined {
    const value = this.#fields.get(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
    throw new Malformed(`the argument ${name} is no list of texts`);
  }

  /** A list of objects, to be read in the same way. */
  list(name: string): readonly Argument[] {
    const value = this.#fields.get(name);
    if (!Array.isArray(value)) throw new Malformed(`the argument ${name} is no list`);
    return value.map((each: unknown) => {
      if (typeof each !== "object" || each === null) throw new Malformed(`${name} has no object`);
      return new Argument(each);
    });
  }

  /** Bytes in base64, in the one spelling that it has for them. */
  bytes(name: string): Buffer {
    const text = this.text(name);
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") === text) return bytes;
    throw new Malformed(`the argument ${name} is no base64`);
  }

  optionalOneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return this.#fields.get(name) === undefined ? undefined : this.oneOf(name, values);
  }

  optionalManyOf<T extends string>(name: string, values: readonly T[]): readonly T[] | undefined {
    const given = this.optionalTexts(name);
    const found = given && values.filter((value) => given.includes(value));
    if (found?.length === given?.length) return found;
    throw new Malformed(`the argument ${name} has one that is not known`);
  }

  /** Refuses fields of any other name. */
  only(names: readonly string[]): void {
    const unknown = [...this.#fields.keys()].some((name) => !names.includes(name));
    if (unknown) throw new Malformed("an argument has a field that is not known");
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const found = values.find((value) => value === this.#fields.get(name));
    if (found !== undefined) return found;
    throw new Malformed(`the argument ${name} is not one of those known`);
  }
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    throw new Malformed("an argument is no JSON");
  }
}
