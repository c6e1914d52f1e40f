/** What the engine is made of, and the settings it decides by. */
import type { Clock, RandomBytes } from "../contracts/clock.ts";
import type { Method, MethodParts } from "../contracts/method.ts";
import type { Charset } from "../contracts/service.ts";
import type { Stagings } from "../contracts/staging.ts";
import type { Store } from "../contracts/store.ts";
import type { SystemLog } from "../contracts/system-log.ts";
import type { Policy } from "../core/policy/decide.ts";
import type { HostView, Role } from "../core/policy/role.ts";
import type { Unenrolled } from "../core/policy/rule.ts";
import type { Texts } from "../core/texts.ts";
import type { ThrottlePolicy } from "../core/throttle.ts";

export interface EnginePolicy {
  /** Shown in authenticator apps unless an enrollment names another. */
  readonly issuer: string;
  readonly throttle: ThrottlePolicy;
  /** What becomes of a user with nothing enrolled. */
  readonly unenrolled: Unenrolled;
  /** Until then they are let in all the same; milliseconds since the epoch. */
  readonly unenrolledBy?: number | undefined;
  /** False: everybody passes. */
  readonly enabled: boolean;
  readonly rules: Policy;
  /** What members of some groups may do to those of others. */
  readonly roles: readonly Role[];
  /** Grace tickets that a user may have at once. */
  readonly graceLimit: number;
  /** What an empty answer begins, of who has not said. */
  readonly defaultMethod?: string | undefined;
  /** How long a begun enrollment can be confirmed, in milliseconds. */
  readonly enrollmentLifetime: number;
  /** The host's own words to people. */
  readonly texts: Texts;
  /** How long an invitation is good, in milliseconds. */
  readonly invitationLifetime: number;
}

/** What an authenticator app is given. */
export interface CardContent {
  readonly issuer: string;
  readonly account: string;
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
}

export interface EngineParts extends MethodParts {
  readonly store: Store;
  /** The imports that are under way. */
  readonly stagings: Stagings;
  readonly clock: Clock;
  /** Milliseconds since this host was booted: a clock that nobody sets. */
  readonly uptime: () => number;
  readonly random: RandomBytes;
  readonly methods: readonly Method[];
  readonly policy: EnginePolicy;
  /** This host, as checkpoints name it. */
  readonly hostName: string;
  /** Where each audit event is told as well, if anywhere. */
  readonly systemLog?: SystemLog | undefined;
  /** The host's groups that the user is in; undefined where they cannot be looked up. */
  readonly groupsOf: (user: string) => Promise<ReadonlySet<string> | undefined>;
  /** The host's users, as far as it tells of them unasked. */
  readonly hostUsers: () => Promise<ReadonlySet<string>>;
  /** Those of them who could log in here; none where no login asks this store. */
  readonly hostLogins: () => Promise<ReadonlySet<string>>;
  /** Of these users, those whom the host does not know. */
  readonly unknownUsers: (users: readonly string[]) => Promise<readonly string[]>;
  /** The lines that show it in a login, at most 80 columns wide: a QR code, and the key by hand. */
  readonly loginCard: (content: CardContent, charset: Charset) => Promise<readonly string[]>;
  /** The members of these groups of the host. @throws Fault `not-found` for a group it has not */
  readonly membersOf: (groups: readonly string[]) => Promise<ReadonlySet<string>>;
  /** What the host says of these at this moment; undefined where it cannot be asked. */
  readonly hostViewOf: (
    users: readonly string[],
    groups: readonly string[],
  ) => Promise<HostView | undefined>;
}
