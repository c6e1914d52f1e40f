/** Networks in CIDR notation (RFC 4632, RFC 4291 2.3), and whether an address is in one. */

/** An address as 16 bytes; IPv4 as what IPv6 maps it to (RFC 4291 2.5.5.2). */
export type Address = Uint8Array;

export interface Network {
  readonly address: Address;
  /** Bits of the 128 that count. */
  readonly bits: number;
}

const IPV4_OFFSET = 12;
const MAPPED = [0xff, 0xff];
const ALL_BITS = 128;

/**
 * An address as PAM_RHOST or a setting has it. The zone of a link-local address is no part
 * of it (RFC 4007 11). Undefined for a name, and for any spelling but the plain ones: `010.0.0.1`
 * is two addresses, one in octal.
 */
export function parseAddress(text: string): Address | undefined {
  const [plain = "", ...zone] = text.split("%");
  if (zone.length > 1) return undefined;
  if (!plain.includes(":")) return zone.length > 0 ? undefined : fromIpv4(plain);
  return fromIpv6(plain);
}

/**
 * `10.0.0.0/8`, `2001:db8::/32`, or an address alone. Undefined for anything else, and for
 * a network whose host part is not zero: `10.1.2.3/8` is a typing error as often as not.
 */
export function parseNetwork(text: string): Network | undefined {
  const [, plain = "", prefix] = /^([^/]*)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  if (plain.includes("%")) return undefined;
  const address = parseAddress(plain);
  if (!address) return undefined;
  const offset = plain.includes(":") ? 0 : IPV4_OFFSET * 8;
  const bits = prefix === undefined ? ALL_BITS : offset + Number(prefix);
  if (bits > ALL_BITS) return undefined;
  const network = { address, bits };
  return address.every((byte, at) => (byte & ~maskAt(bits, at)) === 0) ? network : undefined;
}

export function isIn(address: Address, { address: base, bits }: Network): boolean {
  const whole = bits >> 3;
  const part = (address[whole] ?? 0) ^ (base[whole] ?? 0);
  if ((part & maskAt(bits, whole)) !== 0) return false;
  // Backwards: of a thousand rules with networks, nearly all differ in what they end with.
  for (let at = whole - 1; at >= 0; at--) if (address[at] !== base[at]) return false;
  return true;
}

/** The bits of this byte that count. */
function maskAt(bits: number, at: number): number {
  const left = Math.min(8, Math.max(0, bits - at * 8));
  return (0xff << (8 - left)) & 0xff;
}

function fromIpv4(text: string): Address | undefined {
  const bytes = ipv4Bytes(text);
  if (!bytes) return undefined;
  return Uint8Array.of(...new Array(10).fill(0), ...MAPPED, ...bytes);
}

function ipv4Bytes(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  if (!parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 0xff) ? bytes : undefined;
}

function fromIpv6(text: string): Address | undefined {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const head = ipv6Bytes(before, after === undefined);
  const tail = after === undefined ? [] : ipv6Bytes(after, true);
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  // `::` stands for one group of zeros at least (RFC 5952 4.2.2 would have two).
  const fits = after === undefined ? missing === 0 : missing >= 2;
  return fits ? Uint8Array.of(...head, ...new Array(missing).fill(0), ...tail) : undefined;
}

function ipv6Bytes(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [at, group] of groups.entries()) {
    if (isLast && at === groups.length - 1 && group.includes(".")) {
      const ipv4 = ipv4Bytes(group);
      if (!ipv4) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
