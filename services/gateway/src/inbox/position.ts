import { refuse } from '@parley/runtime';

/** Last shown entry of one channel. `log` is the start of the id of its log. */
export interface LogPlace {
  readonly channelId: number;
  readonly seq: number;
  readonly log: string;
}

/**
 * Position of one user among all events and entries. Every change before (`txid`, `eventId`) was
 * shown, and every entry up to `at`. `places` has the last shown entry of each channel whose last
 * entry is from 10 s before `at` or later, in at most `maxPlaces` channels. Times are in
 * microseconds since 1970, by the clock of the database; `life` is the time when the database
 * server started.
 */
export interface InboxPosition {
  readonly txid: number;
  readonly eventId: number;
  readonly at: number;
  readonly life: number;
  readonly userNumber: number;
  readonly places: readonly LogPlace[];
}

/**
 * Maximum number of channels in a position. If more are busy, a resume repeats some of their
 * entries.
 */
export const maxPlaces = 100;

const number = '(\\d{1,16})';
const form = new RegExp(
  `^1-${number}-${number}-${number}-${number}(?:-${number}((?:-\\d+\\.\\d+\\.[0-9a-f]{8}){0,${maxPlaces}}))?$`,
);
/**
 * Number of characters of a log id in a position. They only serve to detect that a channel has
 * another log.
 */
const logCharacters = 8;
const maxCharacters = 8_192;

/** Returns the start of a log id, as it is in a position. */
export function shortLog(log: string): string {
  return log.slice(0, logCharacters);
}

/**
 * Encodes a position. Positions of `Overview` have the same form, without `eventId` and `places`.
 */
export function encodePosition({ txid, eventId, at, life, userNumber, places }: InboxPosition): string {
  const logs = places.map(({ channelId, seq, log }) => `-${channelId}.${seq}.${shortLog(log)}`);
  return `1-${txid}-${at}-${life}-${userNumber}-${eventId}${logs.join('')}`;
}

function placeIn(text: string): LogPlace {
  const [channelId, seq, log = ''] = text.split('.');
  return { channelId: Number(channelId), seq: Number(seq), log };
}

/**
 * Decodes a position of this user.
 * @throws {Refusal} `invalid-position` if it is malformed or belongs to another user.
 */
export function decodePosition(text: string, userNumber: number): InboxPosition {
  const parts = text.length > maxCharacters ? null : form.exec(text);
  if (parts === null || Number(parts[4]) !== userNumber) throw refuse('invalid-position');
  const [txid = 0, at = 0, life = 0, , eventId = 0] = parts.slice(1, 6).map((part) => Number(part ?? 0));
  const places = (parts[6] ?? '').split('-').slice(1).map(placeIn);
  return { txid, at, life, userNumber, eventId, places };
}
