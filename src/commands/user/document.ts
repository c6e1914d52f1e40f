/** A user as programs read it and as people do. */
import type { UserSummary } from "../../contracts/service.ts";
import { printable } from "../../core/printable.ts";
import { LOCKED_FOREVER } from "../../core/throttle.ts";
import { isoTimeOrNull, shortTime } from "../words.ts";

/** The document of DESIGN.md section 4: a contract with scripts. */
export function userDocument(user: UserSummary): object {
  return {
    user: user.user,
    status: user.status,
    methods: user.methods.map(({ method, serial, status, enrolledAt, lastUsedAt }) => ({
      method,
      ...(serial === undefined ? {} : { serial }),
      status,
      enrolledAt: isoTimeOrNull(enrolledAt),
      lastUsedAt: isoTimeOrNull(lastUsedAt),
    })),
    backupCodesLeft: user.backupCodesLeft,
    throttledUntil: isoTimeOrNull(user.throttledUntil),
    alias: user.alias ?? null,
    preferredMethod: user.preferredMethod ?? null,
    message: user.message ?? null,
  };
}

/** One user, as a person reads all there is. */
export function userLines(user: UserSummary): string[] {
  return [
    `user          ${user.user}`,
    `status        ${user.status}`,
    ...(user.alias === undefined ? [] : [`name at Duo   ${user.alias}`]),
    ...(user.preferredMethod === undefined ? [] : [`prefers       ${user.preferredMethod}`]),
    ...(user.message === undefined ? [] : [`message       ${printable(user.message)}`]),
    ...user.methods.flatMap(({ method, serial, status, enrolledAt, lastUsedAt }) => [
      `${method.padEnd(14)}${status}`,
      ...(serial === undefined ? [] : [`  serial      ${printable(serial)}`]),
      `  enrolled    ${shortTime(enrolledAt)}`,
      `  last used   ${shortTime(lastUsedAt)}`,
    ]),
    `backup codes  ${user.backupCodesLeft} left`,
    `throttled     ${throttledWords(user.throttledUntil)}`,
  ];
}

export const USER_HEADINGS = [
  "user",
  "status",
  "methods",
  "last used",
  "backup codes",
  "throttled",
];

export function userRow(user: UserSummary): string[] {
  const used = user.methods.map(({ lastUsedAt }) => lastUsedAt ?? 0);
  const last = Math.max(0, ...used);
  return [
    user.user,
    user.status,
    user.methods.map(methodWords).join(", ") || "-",
    shortTime(last || undefined),
    String(user.backupCodesLeft),
    throttledWords(user.throttledUntil),
  ];
}

function methodWords({ method, serial }: UserSummary["methods"][number]): string {
  return serial === undefined ? method : `${method} ${printable(serial)}`;
}

export function throttledWords(until: number | undefined): string {
  if (until === undefined) return "-";
  return until === LOCKED_FOREVER ? "locked" : `until ${shortTime(until)}`;
}
