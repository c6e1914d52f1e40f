/** An account of the store, as callers are told of it. */
import type { UserStatus, UserSummary } from "../contracts/service.ts";
import type { AccountOverview } from "../contracts/store.ts";

export function summarize(overview: AccountOverview, now: number): UserSummary {
  const disabled = overview.disabledAt !== undefined;
  const { user, backupCodesLeft, throttledUntil } = overview;
  // A pending one that has expired can no longer be confirmed: it is nothing.
  const live = overview.authenticators.filter(
    ({ status, expiresAt }) => status === "active" || (expiresAt ?? 0) > now,
  );
  const methods = live.map(({ method, serial, status, enrolledAt, lastUsedAt }) => ({
    method,
    ...(serial === "" ? {} : { serial }),
    status: disabled ? ("disabled" as const) : status,
    enrolledAt,
    lastUsedAt,
  }));
  const delayed = throttledUntil !== undefined && throttledUntil > now;
  return {
    user,
    alias: overview.alias,
    preferredMethod: overview.preferredMethod,
    message: overview.message,
    status: disabled ? "disabled" : statusOf(live.map(({ status }) => status)),
    methods,
    backupCodesLeft,
    throttledUntil: delayed ? throttledUntil : undefined,
  };
}

function statusOf(statuses: readonly ("active" | "pending")[]): UserStatus {
  if (statuses.includes("active")) return "active";
  return statuses.includes("pending") ? "pending" : "none";
}
