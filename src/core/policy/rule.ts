/** The policy's rules as the settings have them. The first that matches decides. */

/**
 * What becomes of a user with nothing enrolled. `enroll`: they are set up in the login, where
 * its first factor is known to be right. `invite`: the same, with an invitation first.
 */
export const UNENROLLED = ["refuse", "allow", "enroll", "invite"] as const;
export type Unenrolled = (typeof UNENROLLED)[number];

/** Every condition that is given must hold; of a list, one of its members is enough. */
export interface Conditions {
  readonly users?: readonly string[];
  /** The host's own groups. */
  readonly groups?: readonly string[];
  /** As PAM names them: `sshd`, `sudo`. */
  readonly services?: readonly string[];
  /** In CIDR notation; `local` stands for a login that comes from no other host. */
  readonly networks?: readonly string[];
  /** Whether a person is at a terminal. */
  readonly interactive?: "yes" | "no";
  /** The rule holds from this moment on: see core/policy/date.ts. */
  readonly from?: string;
  /** The rule holds until this moment. */
  readonly until?: string;
}

export interface Rule extends Conditions {
  /** `exempt` lets pass without a second factor. */
  readonly say: "require" | "exempt";
  /** Of `require`: the only methods that count; all that are switched on when absent. */
  readonly methods?: readonly string[];
  /** Of `require`: what becomes of a user with nothing enrolled; the general setting when absent. */
  readonly unenrolled?: Unenrolled;
  /** Of `require`: seconds that one accepted answer covers in the same place; none when absent. */
  readonly grace?: number;
  /** Of `require`: until this moment they are let in with a reminder; from then on it holds. */
  readonly by?: string;
}

/** The pseudo-network of logins that come from no other host. */
export const LOCAL = "local";
