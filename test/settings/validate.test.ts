/** Our small validator against Ajv, on documents near the schema. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc, { type Arbitrary } from "fast-check";
import { isPrintable } from "../../src/core/printable.ts";
import {
  type AnySchema,
  type GroupSchema,
  type LeafSchema,
  SCHEMA,
  settingSchemas,
} from "../../src/settings/schema.ts";
import { fillIn, validate } from "../../src/settings/validate.ts";

const ajv = new Ajv2020({ allErrors: true }).compile(SCHEMA);

/** What a leaf may hold, what just misses, and what is quite another thing. */
function leaf(schema: LeafSchema): Arbitrary<unknown> {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.double());
  if (schema.type === "integer") {
    const { minimum, maximum } = schema;
    const edges = [minimum - 1, minimum, maximum, maximum + 1, minimum + 0.5, -0, `${minimum}`];
    const fit = fc.integer({ min: minimum, max: maximum });
    return fc.oneof({ weight: 20, arbitrary: fit }, fc.constantFrom(...edges), odd);
  }
  if (schema.enum) {
    const fit = fc.constantFrom(...schema.enum);
    return fc.oneof({ weight: 20, arbitrary: fit }, fc.constantFrom("", "File"), odd);
  }
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 70 }),
    fc.string({ unit: "grapheme", minLength: 60, maxLength: 70 }),
    fc.string(),
  );
  return fc.oneof(
    text,
    text.map((path) => `sqlite:/${path}`),
    odd,
  );
}

function about(schema: AnySchema): Arbitrary<unknown> {
  if (schema.type === "object") return near(schema);
  if (schema.type !== "array") return leaf(schema);
  const list = fc.array(about(schema.items), { maxLength: 3 });
  return fc.oneof({ weight: 20, arbitrary: list }, fc.jsonValue({ maxDepth: 1 }));
}

function near(schema: GroupSchema): Arbitrary<unknown> {
  const properties = Object.entries(schema.properties).map(([name, inner]) => {
    return [name, fc.option(about(inner), { nil: undefined, freq: 1 })] as const;
  });
  const known = fc
    .record(Object.fromEntries(properties))
    .map((record) =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)),
    );
  const names = fc.constantFrom("__proto__", "constructor", "Issuer", "", "a.b");
  const stranger = fc.tuple(known, names).map(([record, name]) => {
    const document = { ...record };
    Object.defineProperty(document, name, { value: 1, enumerable: true });
    return document;
  });
  return fc.oneof({ weight: 30, arbitrary: known }, stranger, fc.jsonValue({ maxDepth: 1 }));
}

test("both say the same of every document", () => {
  let valid = 0;
  fc.assert(
    fc.property(near(SCHEMA), (document) => {
      const ours = validate(SCHEMA, document) === undefined;
      assert.equal(ours, ajv(document), JSON.stringify(document));
      if (ours) valid++;
    }),
    { numRuns: 5_000 },
  );
  assert.ok(valid > 50, `only ${valid} documents were valid`);
});

test("both say the same of every setting alone", () => {
  for (const { name, schema } of settingSchemas()) {
    fc.assert(
      fc.property(leaf(schema), (value) => {
        const document = name
          .split(".")
          .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
        assert.equal(
          validate(SCHEMA, document) === undefined,
          ajv(document),
          `${name} ${JSON.stringify(value)}`,
        );
      }),
      { numRuns: 500 },
    );
  }
});

test("the defaults are valid, and filled in where the document is silent", () => {
  const defaults = fillIn(SCHEMA, {});
  assert.equal(validate(SCHEMA, defaults), undefined);
  assert.deepEqual(fillIn(SCHEMA, defaults), defaults);
});

test("an issuer that passes is printable, and every part of the schema is described", () => {
  const { issuer } = SCHEMA.properties;
  assert.ok(issuer && issuer.type === "string");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 8 }), (text) => {
      if (validate(issuer, text) === undefined) assert.ok(isPrintable(text) && !text.includes(":"));
    }),
    { numRuns: 5_000 },
  );
  const described = (schema: AnySchema): void => {
    assert.match(schema.description, /^[a-z].*[^.]$/);
    if (schema.type === "array") described(schema.items);
    if (schema.type !== "object") return;
    assert.equal(schema.additionalProperties, false);
    for (const inner of Object.values(schema.properties)) described(inner);
  };
  described(SCHEMA);
});
