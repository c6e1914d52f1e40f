/** The network that was meant by an address with a prefix. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isIn, parseAddress, parseNetwork } from "../../../src/core/policy/network.ts";
import { mendNetwork } from "../../../src/core/policy/network-mend.ts";

test("the host part is taken away, in the shortest spelling", () => {
  for (const [typed, meant] of [
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["192.0.2.255/25", "192.0.2.128/25"],
    ["1.2.3.4/0", "0.0.0.0/0"],
    [" 10.0.0.0/8 ", "10.0.0.0/8"],
    ["2001:db8::1/32", "2001:db8::/32"],
    ["2001:DB8:0:1:0:0:0:1/64", "2001:db8:0:1::/64"],
    ["1:0:0:2:0:0:0:3/128", "1:0:0:2::3/128"],
    ["ff::1/0", "::/0"],
    ["::ffff:10.1.2.3/104", "::ffff:a00:0/104"],
  ] as const) {
    assert.equal(mendNetwork(typed), meant, typed);
  }
});

test("what cannot be told is not guessed", () => {
  for (const typed of [
    "10.0.0.0/33",
    "10.0.0/8",
    "::/129",
    "host/8",
    "010.0.0.1/8",
    "fe80::1%eth0/64",
  ]) {
    assert.equal(mendNetwork(typed), undefined, typed);
  }
});

test("it holds the address, and nothing wider", () => {
  const cases = fc.oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
  );
  fc.assert(
    fc.property(cases, ([address, bits]) => {
      const mended = mendNetwork(`${address}/${bits}`);
      const [network, read] = [parseNetwork(mended ?? ""), parseAddress(address)];
      assert.ok(network && read, address);
      assert.ok(isIn(read, network));
      assert.equal(network.bits, bits + (address.includes(":") ? 0 : 96));
    }),
    { numRuns: 2_000 },
  );
});
