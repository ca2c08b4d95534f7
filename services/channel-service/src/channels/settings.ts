import { type ChannelSetting, type Retention, settingRows, snakeCase } from '@parley/contract';
import type { ChannelKind } from '@parley/database';
import { isPrintable, limits, type Refusal, refuse } from '@parley/runtime';
import type { SomeSettings } from '@parley/service-kit';
import { secondsPerDay } from '../config.js';
import type { ChannelRetention } from './channel-store.js';

const largestInteger = 2_147_483_647;
/** Matches characters that JSON allows and the database cannot store: NUL and lone surrogates. */
const unstorable = /\0|\p{Cs}/u;

function checkSetting(name: string, row: ChannelSetting, value: string | number | boolean): void {
  if (row.type === 'text' && ([...String(value)].length > row.max || !isPrintable(String(value))))
    throw refuse('invalid-channel', {
      message: `Invalid ${snakeCase(name)}. Use at most ${row.max} characters, and no invisible ones.`,
    });
  if (row.type === 'number' && Number(value) > row.max)
    throw refuse('invalid-channel', { message: `Invalid ${snakeCase(name)}. Use 0 to ${row.max}.` });
}

/**
 * Checks the values of the settings in a request against their bounds.
 * @throws {Refusal} `invalid-channel`.
 */
export function checkSettings(asked: SomeSettings): void {
  for (const [name, row] of settingRows) {
    const value = asked[name];
    if (value !== undefined) checkSetting(name, row, value);
  }
}

/** Returns the refusal of a request that sets an icon. */
export function iconRefusal(): Refusal {
  return refuse('not-implemented', { message: 'Channel icons are not supported yet. Leave out icon_id.' });
}

/**
 * Returns the limit to store: seats of a room or members of a chat. For a chat, 0 requests the
 * default.
 * @throws {Refusal} `invalid-limit`.
 */
export function limitOf(kind: ChannelKind, limit: number): number {
  const asked = kind !== 'room' && limit === 0 ? limits.chatMembersDefault : limit;
  const most = kind === 'room' ? limits.roomSeats : limits.chatMembers;
  if (asked < 1 || asked > most) throw refuse('invalid-limit');
  return asked;
}

/**
 * Checks that at most one rule is set. Protobuf would take the last one, but its order is lost
 * here.
 */
function checkOneRule({ nothing, seconds, everything }: Retention): void {
  if ([nothing, seconds, everything].filter((rule) => rule !== undefined).length <= 1) return;
  throw refuse('invalid-channel', {
    message: 'The retention has more than one rule. Set one of nothing, seconds and everything.',
  });
}

function secondsOf({ nothing, everything, seconds }: Retention): number | null | undefined {
  if (nothing === true) return 0;
  return everything === true ? null : seconds;
}

function checkLongest(seconds: number, longest: number | null): void {
  if (longest === null || seconds <= longest) return;
  throw refuse('invalid-channel', {
    message: `This server keeps messages for at most ${longest / secondsPerDay} days. Choose a shorter retention.`,
  });
}

/**
 * Returns the requested retention, or undefined if the request does not set it. If only a count is
 * set, or everything is requested, messages are kept for `longest` seconds; null: without a time
 * limit.
 * @throws {Refusal} `invalid-channel`.
 */
export function readRetention(retention: Retention | undefined, longest: number | null): ChannelRetention | undefined {
  if (retention !== undefined) checkOneRule(retention);
  const seconds = retention === undefined ? undefined : secondsOf(retention);
  const count = retention?.maxCount || null;
  if (seconds === undefined && count === null) return undefined;
  if (seconds === 0 && count !== null) {
    throw refuse('invalid-channel', {
      message: 'max_count needs a channel with history. Leave it out, or set seconds or everything.',
    });
  }
  if ((seconds ?? 0) > largestInteger || (count ?? 0) > largestInteger) throw refuse('invalid-channel');
  checkLongest(seconds ?? 0, longest);
  return { seconds: seconds ?? longest, count };
}

/** Returns whether the database can store a text as JSON. */
export function isStorable(text: string): boolean {
  return !unstorable.test(text);
}

function refuseUnstorable(key: string, value: unknown): unknown {
  if (!isStorable(key) || (typeof value === 'string' && !isStorable(value)))
    throw new Error('The database cannot store this text.');
  return value;
}

function parseMetadata(text: string): unknown {
  try {
    return JSON.parse(text, refuseUnstorable);
  } catch (cause) {
    throw refuse('invalid-channel', { message: 'Invalid metadata. Send a JSON object.', cause });
  }
}

function checkMetadataBytes(text: string): void {
  if (Buffer.byteLength(text) <= limits.metadataJsonBytes) return;
  throw refuse('invalid-channel', {
    message: `Metadata is too large. Send at most ${limits.metadataJsonBytes} bytes.`,
  });
}

/**
 * Returns metadata as JSON text for the database; an empty text is an empty object.
 * @throws {Refusal} `invalid-channel`.
 */
export function metadataOf(text: string): string {
  if (text === '') return '{}';
  checkMetadataBytes(text);
  const value = parseMetadata(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('invalid-channel', { message: 'Invalid metadata. Send a JSON object.' });
  }
  const stored = JSON.stringify(value);
  // PostgreSQL may write a number in more characters, for example 1e20 as 100000000000000000000.
  checkMetadataBytes(stored);
  return stored;
}
