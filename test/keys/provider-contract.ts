/** What every key provider keeps. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, type TestOptions, test } from "node:test";
import type { KeyProvider } from "../../src/contracts/key-provider.ts";
import { fault } from "../files/sandbox.ts";

/** One provider's place, set up for a test. */
export interface Setting {
  /** A provider of that place; each call gives another one, as another process would have. */
  open(): KeyProvider;
  /** Puts something there behind the provider's back. */
  plant(text: string): Promise<void>;
  /** Makes a key there: the provider's own way, or the administrator's where it has none. */
  make(key: Uint8Array): Promise<void>;
}

export function keyProviderContract(
  kind: string,
  options: TestOptions,
  setUp: (t: TestContext) => Promise<Setting>,
): void {
  test(`${kind}: says what it is, and where`, options, async (t) => {
    const provider = (await setUp(t)).open();
    assert.equal(provider.kind, kind);
    assert.match(provider.place, /^[^\n]+$/);
  });

  test(`${kind}: no key is undefined`, options, async (t) => {
    assert.equal(await (await setUp(t)).open().read(), undefined);
  });

  test(`${kind}: a key is read as it was made, and may be zeroed`, options, async (t) => {
    const setting = await setUp(t);
    const key = randomBytes(32);
    await setting.make(key);
    const read = await setting.open().read();
    assert.ok(read);
    assert.deepEqual(read, key);
    read.fill(0);
    assert.ok((await setting.open().read())?.equals(key));
  });

  test(`${kind}: never puts a key over another`, options, async (t) => {
    const setting = await setUp(t);
    const key = randomBytes(32);
    await setting.make(key);
    await assert.rejects(setting.open().create(randomBytes(32)), (error: unknown) => {
      const code = kind === "systemd-credential" ? "key-unavailable" : "conflict";
      return fault(code)(error);
    });
    assert.ok((await setting.open().read())?.equals(key));
  });

  test(`${kind}: what is no key is refused, and not quoted`, options, async (t) => {
    const good = `countersign-key-1 ${Buffer.alloc(32, 1).toString("base64")}\n`;
    const bad = [
      " ",
      "SECRETSECRET",
      good.trimEnd(),
      `${good}\n`,
      ` ${good}`,
      good.replace("key-1", "key-2"),
      good.replace("=", ""),
      good.replace("\n", "\r\n"),
      good.replace("AQ==", "AR=="),
      good.replace("E=\n", "F=\n"),
      good.replace("A", "-"),
      `countersign-key-1 ${Buffer.alloc(31).toString("base64")}\n`,
    ].filter((text) => text !== good);
    for (const text of bad) {
      const setting = await setUp(t);
      await setting.plant(text);
      await assert.rejects(setting.open().read(), (error: unknown) => {
        assert.doesNotMatch(String((error as Error).stack), /SECRET|AQEB/);
        return fault("key-invalid")(error);
      });
    }
  });
}
