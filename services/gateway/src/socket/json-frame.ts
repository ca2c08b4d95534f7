import { refuse } from '@parley/runtime';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
/** Matches a JSON string. A colon after the string means that it is a key. */
const stringToken = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

function malformed(message: string, cause?: unknown): Error {
  return refuse('malformed', { message, cause });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed('the message is not JSON', cause);
  }
}

/** Returns the objects in a value, at any depth. */
function objectsIn(value: unknown): object[] {
  const found = [value].filter((one) => typeof one === 'object' && one !== null) as object[];
  for (const one of found)
    for (const inner of Object.values(one)) if (typeof inner === 'object' && inner !== null) found.push(inner);
  return found;
}

/** Returns the number of keys in a JSON text. */
function countKeys(text: string): number {
  return [...text.matchAll(stringToken)].filter(([, colon]) => colon !== undefined).length;
}

function hasRepeatedKey(text: string, value: unknown): boolean {
  const keys = objectsIn(value).reduce((sum, one) => sum + (Array.isArray(one) ? 0 : Object.keys(one).length), 0);
  return countKeys(text) !== keys;
}

/**
 * Reads a text frame as a JSON object.
 * @throws {Refusal} `malformed` if it is anything else, or names a field twice.
 */
export function readObject(payload: Buffer, isBinary: boolean): Readonly<Record<string, unknown>> {
  if (isBinary) throw malformed('send text frames, not binary ones');
  const text = strictUtf8.decode(payload);
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('the message is not a JSON object');
  if (hasRepeatedKey(text, value)) throw malformed('a field is there twice');
  return value as Record<string, unknown>;
}

/**
 * Reads a text frame as a JSON object without objects in it.
 * @throws {Refusal} `malformed` if it is anything else, or names a field twice.
 */
export function readFlatObject(payload: Buffer, isBinary: boolean): Readonly<Record<string, unknown>> {
  const fields = readObject(payload, isBinary);
  const [nested] =
    Object.entries(fields).find(([, one]) => objectsIn(one).some((inner) => !Array.isArray(inner))) ?? [];
  if (nested !== undefined) throw malformed(`${nested} has the wrong type`);
  return fields;
}

/**
 * Returns a field that must be a string. A missing field, null and '' have the same meaning, as in
 * Go.
 * @throws {Refusal} `malformed` if it has another type, or is empty and `isNeeded`.
 */
export function stringField(fields: Readonly<Record<string, unknown>>, name: string, isNeeded = true): string {
  const value = Object.hasOwn(fields, name) ? (fields[name] ?? '') : '';
  if (typeof value !== 'string') throw malformed(`${name} is not a string`);
  if (isNeeded && value === '') throw malformed(`${name} is missing`);
  return value;
}
