/** Networks, held against Node's own reading of addresses and its own block list. */
import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { isIn, parseAddress, parseNetwork } from "../../../src/core/policy/network.ts";

const isWithin = (address: string, network: string): boolean => {
  const [parsed, of] = [parseAddress(address), parseNetwork(network)];
  assert.ok(parsed && of, `${address} in ${network}`);
  return isIn(parsed, of);
};

const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.ipV4().map((text) => `::ffff:${text}`),
);

test("an address is one exactly where Node says so", () => {
  const noise = fc.string({ unit: fc.constantFrom(..."0123456789abcdefF.:%/ g") });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), ipv6, noise), (text) => {
      // Node takes any zone; what is behind it is no part of the address either way.
      if (text.includes("%")) return;
      assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
    }),
    { numRuns: 5_000 },
  );
});

test("an address is in a network exactly where Node says so", () => {
  const cases = fc.oneof(
    fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant("ipv4" as const)),
    fc.tuple(fc.ipV6(), fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant("ipv6" as const)),
  );
  fc.assert(
    fc.property(cases, fc.boolean(), ([one, other, bits, family], isNear) => {
      const address = parseAddress(one);
      const base = parseAddress(isNear ? one : other);
      assert.ok(address && base);
      const full = family === "ipv4" ? bits + 96 : bits;
      const masked = base.map((byte, at) => {
        const left = Math.min(8, Math.max(0, full - at * 8));
        return byte & ((0xff << (8 - left)) & 0xff);
      });
      const list = new BlockList();
      list.addSubnet(isNear ? one : other, bits, family);
      assert.equal(isIn(address, { address: masked, bits: full }), list.check(one, family));
    }),
    { numRuns: 3_000 },
  );
});

test("an IPv4 address that came over an IPv6 socket is the same address", () => {
  assert.ok(isWithin("::ffff:10.1.2.3", "10.0.0.0/8"));
  assert.ok(isWithin("::FFFF:0a01:203", "10.0.0.0/8"));
  assert.ok(isWithin("10.1.2.3", "::ffff:10.0.0.0/104"));
  assert.ok(!isWithin("::10.1.2.3", "10.0.0.0/8"));
});

test("the zone of a link-local address is no part of it", () => {
  assert.ok(isWithin("fe80::1%eth0", "fe80::/10"));
  assert.equal(parseAddress("10.0.0.1%eth0"), undefined);
  assert.equal(parseAddress("fe80::1%a%b"), undefined);
  assert.equal(parseNetwork("fe80::%eth0/10"), undefined);
});

test("what is no network, or says two things, is refused", () => {
  for (const text of [
    ...["", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0/8"],
    ...["10.1.2.3/8", "2001:db8::1/32", "::/129", "010.0.0.0/8", "10.0.0.0/8/8", "10.0.0.0/8 "],
    ...["host", "*", "0x0a.0.0.0/8", "1:2:3:4:5:6:7:8:9", ":::", "1::2::3", "::1.2.3", "1.2.3.4::"],
  ]) {
    assert.equal(parseNetwork(text), undefined, text);
  }
  for (const text of ["0.0.0.0/0", "::/0", "10.1.2.3", "10.1.2.3/32", "::1", "2001:db8::/32"]) {
    assert.ok(parseNetwork(text), text);
  }
});

test("everything of one family is no match for the other", () => {
  assert.ok(isWithin("192.0.2.1", "0.0.0.0/0"));
  assert.ok(!isWithin("2001:db8::1", "0.0.0.0/0"));
  assert.ok(isWithin("192.0.2.1", "::/0"), "an IPv4 address is a mapped one, which is in ::/0");
});
