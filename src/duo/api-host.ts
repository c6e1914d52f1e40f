/**
 * The API host of a Duo account. What is entered here receives signatures and user names, so
 * anything but Duo's own form is taken only where the administrator says so.
 */
import { isIPv4 } from "node:net";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";

export interface ApiHost {
  /** Lower-case, without the port: as it is signed, and as the certificate must name it. */
  readonly name: string;
  readonly port: number;
}

const HTTPS = 443;
const DUO = /^api-[0-9a-z]{8}\.duosecurity\.com$/;
const OTHER = /^(?<name>[^:]{1,253})(?::(?<port>[1-9][0-9]{0,4}))?$/;
const LABEL = /^(?!-)[0-9a-z-]{1,63}(?<!-)$/;

/**
 * @param anyHost takes any host name or IPv4 address, and a port
 * @throws Fault `settings-invalid`
 */
export function parseApiHost(text: string, anyHost = false): ApiHost {
  // Other letters have ASCII ones as their lower case: the Kelvin sign is k.
  const lower = /^[\x21-\x7e]+$/.test(text) ? text.toLowerCase() : "";
  if (DUO.test(lower)) return { name: lower, port: HTTPS };
  const { name, port = String(HTTPS) } = (anyHost && OTHER.exec(lower)?.groups) || {};
  if (name !== undefined && isHostName(name) && Number(port) <= 65_535) {
    return { name, port: Number(port) };
  }
  throw new Fault("settings-invalid", `"${printable(text)}" is not an API host of Duo`, {
    hint: anyHost
      ? "give a host name, and a port where it is not 443: no https://, no path"
      : "copy it from the application in Duo's Admin Panel: api-XXXXXXXX.duosecurity.com",
  });
}

/** As the Host header has it. */
export function authority({ name, port }: ApiHost): string {
  return port === HTTPS ? name : `${name}:${port}`;
}

function isHostName(name: string): boolean {
  const labels = name.split(".");
  // A last label of digits is an address in one of its many spellings: only the plain one is.
  if (/^[0-9]/.test(labels.at(-1) ?? "")) return isIPv4(name);
  return labels.every((label) => LABEL.test(label));
}
