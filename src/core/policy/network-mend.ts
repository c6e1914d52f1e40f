/** What somebody meant by a network whose host part is not zero. */
import { type Address, parseAddress, parseNetwork } from "./network.ts";

const FORM = /^([^/%]+)\/(0|[1-9][0-9]{0,2})$/;
const IPV4_BYTES = 12;

/** `10.0.0.0/8` for `10.1.2.3/8`; undefined where that cannot be told. */
export function mendNetwork(text: string): string | undefined {
  const [, plain = "", prefix = ""] = FORM.exec(text.trim()) ?? [];
  const address = parseAddress(plain);
  if (!address) return undefined;
  const isIpv4 = !plain.includes(":");
  const bits = Number(prefix);
  const bytes = address.slice(isIpv4 ? IPV4_BYTES : 0);
  const network = bytes.map((byte, at) => byte & (0xff << (8 - keptOf(bits, at))) & 0xff);
  const mended = `${isIpv4 ? network.join(".") : formatIpv6(network)}/${prefix}`;
  // Too long a prefix is no network either way.
  return parseNetwork(mended) ? mended : undefined;
}

/** Of the byte at that place, the bits that are the network's. */
function keptOf(bits: number, at: number): number {
  return Math.min(8, Math.max(0, bits - at * 8));
}

/** As RFC 5952 4 has it: small letters, and `::` for the longest run of zeros. */
function formatIpv6(address: Address): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((address[2 * at] ?? 0) << 8) | (address[2 * at + 1] ?? 0)).toString(16),
  );
  const runs = groups.map((_, start) => {
    const end = groups.findIndex((group, at) => at >= start && group !== "0");
    return (end < 0 ? groups.length : end) - start;
  });
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(":");
  const start = runs.indexOf(longest);
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + longest).join(":")}`;
}
