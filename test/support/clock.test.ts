import assert from "node:assert/strict";
import { test } from "node:test";
import { oathtool, SettableClock } from "./clock.ts";
import { needs } from "./parts.ts";

test("the clock stands still, moves on, and steps back", () => {
  const clock = new SettableClock("2026-01-01T00:00:00Z");
  clock.advance(1_500);
  assert.equal(new Date(clock.now()).toISOString(), "2026-01-01T00:00:01.500Z");
  clock.advance(-2_000);
  assert.equal(new Date(clock.now()).toISOString(), "2025-12-31T23:59:59.500Z");
  clock.set(0);
  assert.equal(clock.now(), 0);
});

// The secrets of RFC 6238 appendix B in base32; the codes are its table's.
const SHA1 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const SHA256 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";

test("oathtool computes the codes of RFC 6238", needs("oathtool"), async () => {
  assert.equal(await oathtool(SHA1, 59_000, { digits: 8 }), "94287082");
  assert.equal(await oathtool(SHA1, 1_111_111_109_999), "081804");
  const code = await oathtool(SHA256, 2_000_000_000_000, { algorithm: "sha256", digits: 8 });
  assert.equal(code, "90698825");
});
