/**
 * A small interpreter of the settings schema. A full JSON Schema validator would do, but
 * takes longer to load than the rest of a login; the tests hold this one against one.
 */
import type { AnySchema, GroupSchema, LeafSchema, ListSchema } from "./schema.ts";

/** What is wrong, and where: `throttle.lockAfter`, `must be a whole number from 0 to 1000`. */
export interface Problem {
  /** Dotted name; empty for the document itself. */
  readonly place: string;
  readonly problem: string;
}

/** The first problem of a value, in its own order; undefined when it is valid. */
export function validate(schema: AnySchema, value: unknown, place = ""): Problem | undefined {
  if (schema.type === "array") return validateList(schema, value, place);
  if (schema.type !== "object") {
    return isLeaf(schema, value) ? undefined : { place, problem: `must be ${schema.title}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { place, problem: "must be an object" };
  }
  for (const [key, inner] of Object.entries(value)) {
    const at = place === "" ? key : `${place}.${key}`;
    // Own properties alone: "constructor" and "__proto__" are no settings.
    const property = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (property === undefined) return { place: at, problem: "there is no such setting" };
    const found = validate(property, inner, at);
    if (found !== undefined) return found;
  }
  const missing = schema.required?.find((key) => !Object.hasOwn(value, key));
  return missing === undefined ? undefined : { place, problem: `lacks ${missing}` };
}

function validateList(
  { items, maxItems }: ListSchema,
  value: unknown,
  place: string,
): Problem | undefined {
  if (!Array.isArray(value)) return { place, problem: "must be a list" };
  if (value.length > maxItems) return { place, problem: `must have ${maxItems} members at most` };
  for (const [at, inner] of value.entries()) {
    const found = validate(items, inner, `${place}.${at}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A valid value with the schema's defaults filled in, made anew from the schema's names. */
export function fillIn(schema: GroupSchema, value: object): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  const given = new Map<string, unknown>(Object.entries(value));
  for (const [key, property] of Object.entries(schema.properties)) {
    const inner = given.get(key);
    if (property.type === "object") filled[key] = fillIn(property, inner ?? {});
    else if (property.type === "array" && inner !== undefined)
      filled[key] = members(property, inner);
    else if (inner !== undefined) filled[key] = inner;
    else if (property.default !== undefined) filled[key] = property.default;
  }
  return filled;
}

function members({ items }: ListSchema, value: unknown): unknown[] {
  const all = value as unknown[];
  return items.type === "object" ? all.map((each) => fillIn(items, each as object)) : [...all];
}

function isLeaf(schema: LeafSchema, value: unknown): boolean {
  if (schema.type === "integer") {
    return Number.isInteger(value) && within(value as number, schema.minimum, schema.maximum);
  }
  if (typeof value !== "string") return false;
  if (schema.enum !== undefined) return schema.enum.includes(value);
  // JSON Schema counts characters, not UTF-16 units.
  return (
    within(
      [...value].length,
      schema.minLength ?? 0,
      schema.maxLength ?? Number.POSITIVE_INFINITY,
    ) && new RegExp(schema.pattern ?? "", "u").test(value)
  );
}

function within(value: number, minimum: number, maximum: number): boolean {
  return value >= minimum && value <= maximum;
}
