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

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(Array.isArray(value) && value.every((one) => !isNested(one)));
}

/** Returns the number of keys in the text of an object without objects in it. */
function countKeys(text: string): number {
  return [...text.matchAll(stringToken)].filter(([, colon]) => colon !== undefined).length;
}

/**
 * Reads a text frame as a JSON object without objects in it.
 * @throws {Refusal} `malformed` if it is anything else, or names a field twice.
 */
export function readFlatObject(payload: Buffer, isBinary: boolean): Readonly<Record<string, unknown>> {
  if (isBinary) throw malformed('send text frames, not binary ones');
  const text = strictUtf8.decode(payload);
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('the message is not a JSON object');
  const fields = value as Record<string, unknown>;
  const [nested] = Object.entries(fields).find(([, one]) => isNested(one)) ?? [];
  if (nested !== undefined) throw malformed(`${nested} has the wrong type`);
  if (countKeys(text) !== Object.keys(fields).length) throw malformed('a field is there twice');
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
