/** What keeps a host from being reached, in words that follow its name. */
import { errnoOf } from "../core/fault.ts";

/** The host, or the way there, and no doing of this host's or of whoever is on it. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "has no address",
  ENODATA: "has no address",
  EAI_NODATA: "has no address",
  EAI_AGAIN: "cannot be looked up: the name service does not answer",
  EAI_FAIL: "cannot be looked up: the name service fails",
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "ended the connection",
  EPIPE: "ended the connection",
  ETIMEDOUT: "does not answer",
  EHOSTUNREACH: "cannot be reached: no route",
  EHOSTDOWN: "cannot be reached: it is down",
  ENETUNREACH: "cannot be reached: no route",
  ENETDOWN: "cannot be reached: the network is down",
};

const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is of another host",
};

/** Undefined for what is no outage. */
export function outageOf(cause: unknown): string | undefined {
  return REASONS[errnoOf(cause) ?? ""];
}

/** Why a certificate is refused. */
export function mistrustOf(cause: unknown): string {
  return CERTIFICATE_REASONS[errnoOf(cause) ?? ""] ?? "no trusted authority vouches for it";
}
