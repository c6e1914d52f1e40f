/**
 * The settings file's schema: what there is, its bounds and its default. One plain object
 * in JSON Schema, read by our own validator at every login and at every change.
 */
import { KEY_KINDS, type KeyKind } from "../contracts/key-provider.ts";
import { COMMAND_TAKES, type CommandTakes, SMTP_TLS, type SmtpTls } from "../contracts/message.ts";
import { FAIL_MODES, type FailMode } from "../contracts/method.ts";
import { GRACE } from "../core/grace.ts";
import { METHOD_NAMES, type MethodName } from "../core/method-name.ts";
import { ROLE_ACTS, type Role } from "../core/policy/role.ts";
import { LOCAL, type Rule, UNENROLLED, type Unenrolled } from "../core/policy/rule.ts";
import { DEFAULT_PROMPT } from "../core/texts.ts";

export const QR_MODES = ["auto", "utf8", "utf8-inverse", "ascii", "none"] as const;
export type QrMode = (typeof QR_MODES)[number];

/** Every setting, defaults filled in. Durations are seconds. */
export interface Settings {
  readonly issuer?: string;
  readonly store?: string;
  readonly key: KeyKind;
  readonly qr: QrMode;
  readonly totp: { readonly window: number; readonly maxDrift: number };
  readonly hotp: { readonly window: number; readonly resync: number };
  readonly throttle: {
    readonly freeFailures: number;
    readonly firstDelay: number;
    readonly longestDelay: number;
    readonly decay: number;
    readonly lockAfter: number;
  };
  readonly policy: {
    readonly unenrolled: Unenrolled;
    readonly enabled: "on" | "off";
    readonly defaultMethod: MethodName | "none";
    readonly rules: readonly Rule[];
    readonly graceLimit: number;
  };
  readonly roles: readonly Role[];
  readonly audit: {
    readonly systemLog: "on" | "off";
    readonly checkpointEvery: number;
    readonly checkpointHours: number;
  };
  readonly enrollment: { readonly expiresAfter: number };
  readonly invite: { readonly expiresAfter: number };
  readonly texts: {
    readonly banner?: string;
    readonly prompt: string;
    readonly refusal?: string;
    readonly reminder?: string;
  };
  readonly methods: Readonly<Record<MethodName, "on" | "off">>;
  readonly duo: {
    readonly usernameTemplate: string;
    readonly proxy?: string;
    readonly push: DuoApplicationSettings & { readonly integrationKey?: string };
    readonly prompt: DuoApplicationSettings & {
      readonly clientId?: string;
      readonly callbackPort: number;
    };
  };
  readonly message: MessageSettings;
  /** Validation servers are asked once the client id is there. */
  readonly yubikey: {
    readonly clientId?: number;
    readonly servers?: string;
    readonly caFile?: string;
    readonly timeout: number;
  };
}

/** The method message is on once a mail server and a sender, or a command, are there. */
export interface MessageSettings {
  readonly mostPerHour: number;
  readonly command?: string;
  readonly commandTakes: CommandTakes;
  readonly smtp: {
    readonly host?: string;
    readonly port: number;
    readonly tls: SmtpTls;
    readonly user?: string;
    readonly from?: string;
    readonly subject: string;
    readonly caFile?: string;
  };
}

/** An application at Duo; its method is on once host and id are there. Its secret is in the store. */
export interface DuoApplicationSettings {
  readonly apiHost?: string;
  readonly anyHost: "no" | "yes";
  readonly caFile?: string;
  readonly failMode: FailMode;
}

/** The part of JSON Schema that is used, so that the validator can be small. */
export type LeafSchema =
  | {
      readonly type: "string";
      readonly description: string;
      /** Completes "must be …". */
      readonly title: string;
      readonly enum?: readonly string[];
      readonly minLength?: number;
      readonly maxLength?: number;
      readonly pattern?: string;
      readonly default?: string;
    }
  | {
      readonly type: "integer";
      readonly description: string;
      readonly title: string;
      readonly minimum: number;
      readonly maximum: number;
      readonly default?: number;
    };

export interface ListSchema {
  readonly type: "array";
  readonly description: string;
  readonly items: LeafSchema | GroupSchema;
  readonly maxItems: number;
  readonly default?: readonly [];
}

export type AnySchema = LeafSchema | ListSchema | GroupSchema;

export interface GroupSchema {
  readonly type: "object";
  readonly description: string;
  readonly additionalProperties: false;
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, AnySchema>>;
}

// What core/printable removes, and all else that Unicode calls control or format.
const CONTROL = "\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029\\u2060-\\u2069";

/** The policy's rules, which have commands of their own. */
export const RULES: ListSchema = {
  type: "array",
  description: "who must pass and who need not: the first rule that matches decides",
  maxItems: 5000,
  default: [],
  items: ruleSchema(),
};

/** Who may help whom, which has commands of its own. */
export const ROLES: ListSchema = {
  type: "array",
  description: "what members of a group of the host may do to those of others",
  maxItems: 200,
  default: [],
  items: roleSchema(),
};

export const SCHEMA: GroupSchema = group("countersign settings", {
  issuer: {
    type: "string",
    description: "name shown in the authenticator app; the host's own when absent",
    title: "1 to 64 printable characters without a colon, and no space at its ends",
    minLength: 1,
    maxLength: 64,
    pattern: `^(?!\\s)[^:${CONTROL}]+(?<!\\s)$`,
  },
  store: {
    type: "string",
    description: "where authenticators are kept; the file of this scope when absent",
    title: "sqlite: and the absolute path of a file, at most 1000 characters",
    // A settings file stays within one page of memory: see the editor.
    maxLength: 1000,
    pattern: `^sqlite:/(?:[^${CONTROL}]*[^/${CONTROL}])$`,
  },
  key: choice("where the master key lives", KEY_KINDS, "file"),
  qr: choice("how QR codes are drawn", QR_MODES, "auto"),
  totp: group("time-based one-time passwords", {
    window: whole("time steps accepted to either side", 0, 10, 1),
    maxDrift: whole("largest clock drift that is learned, in time steps", 0, 10, 2),
  }),
  hotp: group("counter-based one-time passwords, as of hardware tokens", {
    window: whole("codes ahead of the last one that are accepted", 1, 100, 10),
    resync: whole("codes among which two in a row are looked for, to resynchronize", 2, 1000, 100),
  }),
  throttle: group("delays after failed attempts", {
    freeFailures: whole("failures before the first delay", 1, 100, 5),
    firstDelay: whole("first delay, in seconds; each further failure doubles it", 1, 3600, 2),
    longestDelay: whole("longest delay, in seconds", 1, 86_400, 300),
    decay: whole("quiet seconds that forgive one failure", 1, 86_400 * 30, 900),
    lockAfter: whole("failures that lock an account until it is unlocked; 0: never", 0, 1000, 0),
  }),
  policy: group("who must pass", {
    unenrolled: choice(
      "what becomes of a user who has not enrolled: see countersign policy set",
      UNENROLLED,
      "refuse",
    ),
    enabled: choice(
      "off: everybody passes unasked, and every login says so in the log",
      ["on", "off"],
      "on",
    ),
    defaultMethod: choice(
      "what just Enter begins where a user has not said, such as duo-push",
      ["none", ...METHOD_NAMES],
      "none",
    ),
    rules: RULES,
    graceLimit: whole("grace tickets that a user may have at once; the oldest goes", 1, 100, 5),
  }),
  roles: ROLES,
  audit: group("the audit log", {
    systemLog: choice("on: each event goes to the host's log as well", ["on", "off"], "on"),
    checkpointEvery: whole(
      "events after which countersignd signs where the log is",
      1,
      1e9,
      10_000,
    ),
    checkpointHours: whole("hours after which it does so, if anything happened", 1, 8760, 24),
  }),
  enrollment: group("enrollments", {
    expiresAfter: whole("seconds in which a begun enrollment must be confirmed", 60, 86_400, 900),
  }),
  invite: group("invitations", {
    expiresAfter: whole("seconds for which an invitation is good", 60, 86_400 * 30, 86_400),
  }),
  texts: group("what people are told, in words of one's own", {
    banner: sentence("shown to whoever enrolls"),
    prompt: {
      type: "string",
      description: "what a login asks for, before what else may be answered and the colon",
      title: "1 to 64 printable characters, with neither a space nor a colon at the ends",
      minLength: 1,
      maxLength: 64,
      pattern: `^(?![\\s:])[^${CONTROL}]+(?<![\\s:])$`,
      default: DEFAULT_PROMPT,
    },
    refusal: sentence("read by whoever is refused, whatever the cause; not when throttled"),
    reminder: sentence("shown to who has not enrolled, while they are let in all the same"),
  }),
  methods: group("methods that are offered and accepted; off keeps what is enrolled", {
    totp: onOff("codes of an authenticator app"),
    hotp: onOff("codes of tokens that count"),
    yubikey: onOff("the touch of a YubiKey"),
    "backup-code": onOff("backup codes"),
    "duo-push": onOff("pushes by Duo, once it is set up"),
    "duo-prompt": onOff("the prompt of Duo in the browser, once it is set up"),
    message: onOff("codes by SMS or e-mail, once they are set up", "off"),
  }),
  duo: group("the methods of Duo: see countersign help duo configure", {
    usernameTemplate: {
      type: "string",
      description: "a user's name at Duo: {user}, {host} and {domain} stand for this host's",
      title: "1 to 128 printable characters with {user} in them",
      maxLength: 128,
      pattern: `^(?=.*\\{user\\})(?:[^{}\\s${CONTROL}]|\\{(?:user|host|domain)\\})+$`,
      default: "{user}",
    },
    proxy: {
      type: "string",
      description: "an HTTP proxy on the way to Duo (CONNECT), as HOST:PORT; none when absent",
      title: "HOST:PORT",
      maxLength: 260,
      pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?:[1-9][0-9]{0,4}$",
    },
    push: group("the method duo-push: an application of the type Auth API", {
      integrationKey: keyId("integration key of the application"),
      ...duoApplication(),
    }),
    prompt: group("the method duo-prompt: an application of the type Web SDK", {
      clientId: keyId("client id of the application"),
      ...duoApplication(),
      callbackPort: whole(
        "port on the user's side that the browser comes back to; 0: any that is free",
        0,
        65_535,
        0,
      ),
    }),
  }),
  message: messageGroup(),
  yubikey: group("validation servers of YubiKeys: see countersign help yubikey configure", {
    clientId: {
      type: "integer",
      description: "client id at the validation servers; they are asked once it is set",
      title: "a whole number from 1 to 999999999",
      minimum: 1,
      maximum: 999_999_999,
    },
    servers: {
      type: "string",
      description: "addresses of the servers, with commas between; Yubico's when absent",
      title: "addresses such as https://HOST/wsapi/2.0/verify, with commas between them",
      maxLength: 1000,
      pattern: "^https://[!-+.-~/-]+(?:,https://[!-+.-~/-]+)*$",
    },
    caFile: file("file of authorities in PEM that vouch for them, in place of public ones"),
    timeout: whole("seconds in which a server must answer", 1, 60, 8),
  }),
});

/** One setting by its dotted name. */
export interface SettingSchema {
  readonly name: string;
  readonly schema: LeafSchema;
}

/** Every setting but the lists, which have commands of their own; in the schema's order. */
export function settingSchemas(from: GroupSchema = SCHEMA, prefix = ""): SettingSchema[] {
  return Object.entries(from.properties).flatMap(([key, schema]) => {
    if (schema.type === "object") return settingSchemas(schema, `${prefix}${key}.`);
    return schema.type === "array" ? [] : [{ name: prefix + key, schema }];
  });
}

function ruleSchema(): GroupSchema {
  const moment = (description: string): LeafSchema => ({
    type: "string",
    description,
    title: "a day such as 2026-12-01, or a minute such as 2026-12-01T08:00Z",
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}Z)?$",
  });
  return {
    ...group("a rule", {
      say: { ...oneOf("what the rule says", ["require", "exempt"]) },
      users: names("login names"),
      groups: names("the host's groups, of which the user is in one"),
      services: names("services of PAM"),
      networks: names(`networks in CIDR notation, or ${LOCAL}`),
      interactive: oneOf("whether a person is at a terminal", ["yes", "no"]),
      from: moment("the rule holds from this moment on, in UTC"),
      until: moment("the rule holds until this moment, in UTC"),
      methods: {
        type: "array",
        description: "the only methods that count",
        maxItems: METHOD_NAMES.length,
        items: oneOf("a method", METHOD_NAMES),
      },
      unenrolled: oneOf("what becomes of a user who has not enrolled", UNENROLLED),
      grace: {
        type: "integer",
        description: "seconds that one accepted answer covers in the same place",
        title: `a whole number from ${GRACE.least} to ${GRACE.most}`,
        minimum: GRACE.least,
        maximum: GRACE.most,
      },
      by: moment("until then they are let in with a reminder, in UTC"),
    }),
    required: ["say"],
  };
}

function roleSchema(): GroupSchema {
  const groups = (description: string): ListSchema => ({
    type: "array",
    description,
    maxItems: 200,
    items: { ...group("a group of the host", pinnedGroup()), required: ["group", "gid"] },
  });
  return {
    ...group("a role", {
      ...pinnedGroup(),
      may: {
        type: "array",
        description: "what they may do",
        maxItems: ROLE_ACTS.length,
        items: oneOf("an act", ROLE_ACTS),
      },
      over: groups("groups whose members they may do it to"),
      except: groups("groups whose members they may not do it to all the same"),
    }),
    required: ["group", "gid", "may", "over"],
  };
}

/** A name that is another group's later has another id then. */
function pinnedGroup(): GroupSchema["properties"] {
  return {
    group: names("a group").items,
    gid: {
      type: "integer",
      description: "its id, which it must still have",
      title: "a whole number from 1 to 4294967294",
      minimum: 1,
      maximum: 4_294_967_294,
    },
  };
}

function names(description: string): ListSchema {
  const item: LeafSchema = {
    type: "string",
    description: "a name",
    title: "1 to 256 printable characters",
    minLength: 1,
    maxLength: 256,
    pattern: `^[^${CONTROL}]+$`,
  };
  return { type: "array", description, maxItems: 1000, items: item };
}

/** A choice without a default: absent, it says nothing. */
function oneOf(description: string, values: readonly string[]): LeafSchema {
  return { type: "string", description, title: `one of ${values.join(", ")}`, enum: values };
}

function duoApplication(): GroupSchema["properties"] {
  return {
    apiHost: {
      type: "string",
      description: "the API host of the application",
      title: "an API host: api-XXXXXXXX.duosecurity.com",
      maxLength: 260,
      pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?$",
    },
    anyHost: choice("yes: the API host need not be Duo's own form", ["no", "yes"], "no"),
    caFile: file("file of authorities in PEM that vouch for the host, in place of Duo's"),
    failMode: choice(
      "safe: while Duo is out of reach, lets in who is enrolled in nothing else",
      FAIL_MODES,
      "secure",
    ),
  };
}

function messageGroup(): GroupSchema {
  return group("the method message: codes by mail, or by a program of the host's", {
    mostPerHour: whole("messages that are sent for one user in an hour", 1, 100, 5),
    command: {
      type: "string",
      description: "a program that sends the text on its standard input to {address}",
      title: "an absolute path and arguments, one space between them, with {address} in one",
      maxLength: 1000,
      pattern: `^(?=.* [^ ]*\\{address\\})/[^ ${CONTROL}]*[^ /${CONTROL}](?: [^ ${CONTROL}]+)+$`,
    },
    commandTakes: choice(
      "any: mail addresses, too, where there is no mail server",
      COMMAND_TAKES,
      "phone",
    ),
    smtp: group("the mail server that codes go by to mail addresses", {
      host: {
        type: "string",
        description: "mail server, by its name or IP address",
        title: "the name or the IP address of a host",
        maxLength: 253,
        pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$",
      },
      port: whole("port of the mail server", 1, 65_535, 587),
      tls: choice(
        "implicit: TLS before the greeting; none: for a server on this host",
        SMTP_TLS,
        "starttls",
      ),
      user: {
        type: "string",
        description: "who signs in, with the password of method secret; nobody when absent",
        title: "1 to 256 printable characters",
        minLength: 1,
        maxLength: 256,
        pattern: `^[^${CONTROL}]+$`,
      },
      from: {
        type: "string",
        description: "the address that mails come from",
        title: "one mail address, without a name",
        maxLength: 254,
        pattern:
          "^(?=[^@]{1,64}@)[A-Za-z0-9][A-Za-z0-9_+-]*(?:\\.[A-Za-z0-9_+-]+)*" +
          "@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?" +
          "(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
      },
      subject: {
        type: "string",
        description: "subject of the mails, where the code is not",
        title: "1 to 100 printable characters, and no space at the ends",
        minLength: 1,
        maxLength: 100,
        pattern: `^(?!\\s)[^${CONTROL}]+(?<!\\s)$`,
        default: "Your code to log in",
      },
      caFile: file("file of authorities in PEM that vouch for it, in place of the public ones"),
    }),
  });
}

function file(description: string): LeafSchema {
  return {
    type: "string",
    description,
    title: "the absolute path of a file, at most 1000 characters",
    maxLength: 1000,
    pattern: `^/(?:[^${CONTROL}]*[^/${CONTROL}])$`,
  };
}

/** One line to people, which a window of 80 columns shows in two. */
function sentence(description: string): LeafSchema {
  return {
    type: "string",
    description,
    title: "1 to 160 printable characters, and no space at the ends",
    minLength: 1,
    maxLength: 160,
    pattern: `^(?!\\s)[^${CONTROL}]+(?<!\\s)$`,
  };
}

function keyId(description: string): LeafSchema {
  const title = "20 capital letters and digits";
  return { type: "string", description, title, pattern: "^[A-Z0-9]{20}$" };
}

function group(description: string, properties: GroupSchema["properties"]): GroupSchema {
  return { type: "object", description, additionalProperties: false, properties };
}

function whole(
  description: string,
  minimum: number,
  maximum: number,
  byDefault: number,
): LeafSchema {
  const title = `a whole number from ${minimum} to ${maximum}`;
  return { type: "integer", description, title, minimum, maximum, default: byDefault };
}

function onOff(description: string, byDefault: "on" | "off" = "on"): LeafSchema {
  return choice(description, ["on", "off"], byDefault);
}

function choice(description: string, values: readonly string[], byDefault: string): LeafSchema {
  const title = `one of ${values.join(", ")}`;
  return { type: "string", description, title, enum: values, default: byDefault };
}
