/** Where validation servers are: what is entered here says who gets in. */
import { isIPv4 } from "node:net";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";

export interface ServerAddress {
  /** Lower-case, without the port: as the certificate must name it. */
  readonly name: string;
  readonly port: number;
  readonly path: string;
}

/** Yubico's own service, by the one address that its own client (yubico-c-client) asks. */
export const YUBICLOUD = "https://api.yubico.com/wsapi/2.0/verify";

const PATH = "/wsapi/2.0/verify";
const HTTPS = 443;
const MOST_SERVERS = 10;
const LABEL = /^(?!-)[0-9a-z-]{1,63}(?<!-)$/;
const FORM =
  /^https:\/\/(?<name>[0-9a-z.-]{1,253})(?::(?<port>[1-9][0-9]{0,4}))?(?<path>\/[!-~]*)?$/;

/**
 * @param text addresses with commas between them; the protocol's own path where one has none
 * @throws Fault `settings-invalid`
 */
export function parseServers(text: string): readonly ServerAddress[] {
  const servers = text.split(",").map((each) => parseServer(each.trim()));
  const different = new Set(servers.map(({ name, port }) => `${name}:${port}`));
  if (servers.length <= MOST_SERVERS && different.size === servers.length) return servers;
  const what = different.size < servers.length ? "names one twice" : `names over ${MOST_SERVERS}`;
  throw new Fault("settings-invalid", `the list of validation servers ${what}`, {
    hint: "countersign help yubikey configure",
  });
}

function parseServer(text: string): ServerAddress {
  const { name = "", port = String(HTTPS), path = "/" } = FORM.exec(text)?.groups ?? {};
  const isPath = !/[?#,]/.test(path);
  if (isHostName(name) && Number(port) <= 65_535 && isPath) {
    return { name, port: Number(port), path: path === "/" ? PATH : path };
  }
  throw new Fault("settings-invalid", `"${printable(text)}" is no address of a validation server`, {
    hint: `give it as ${YUBICLOUD}, several with commas between them`,
  });
}

/** As the Host header has it. */
export function authority({ name, port }: ServerAddress): string {
  return port === HTTPS ? name : `${name}:${port}`;
}

function isHostName(name: string): boolean {
  const labels = name.split(".");
  // A last label of digits is an address in one of its many spellings: only the plain one is.
  if (/^[0-9]/.test(labels.at(-1) ?? "")) return isIPv4(name);
  return labels.every((label) => LABEL.test(label));
}
