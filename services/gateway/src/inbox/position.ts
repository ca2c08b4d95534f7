import { refuse } from '@parley/runtime';

/** Place in the log of one channel: everything up to `seq` was shown. `log` is the start of its id. */
export interface LogPlace {
  readonly channelId: number;
  readonly seq: number;
  readonly log: string;
}

/**
 * Position of one user among all events and entries. Every change before (`txid`, `eventId`) was
 * shown, and every entry up to `at`. `places` has the last shown entry of each channel with newer ones.
 * Times are in microseconds since 1970, by the clock of the database; `life` is the time at which
 * the database server started.
 */
export interface InboxPosition {
  readonly txid: number;
  readonly eventId: number;
  readonly at: number;
  readonly life: number;
  readonly userNumber: number;
  readonly places: readonly LogPlace[];
}

/** Maximum channels in a position. If more are busy, a resume repeats some of their entries. */
export const maxPlaces = 100;

const number = '(\\d{1,16})';
const form = new RegExp(
  `^1-${number}-${number}-${number}-${number}(?:-${number}((?:-\\d+\\.\\d+\\.[0-9a-f]{8}){0,${maxPlaces}}))?$`,
);
/** Characters of a log id that a position has. They only detect that a channel has another log. */
const logCharacters = 8;
const maxCharacters = 8_192;

/** Returns the form of a log id in a position. */
export function shortLog(log: string): string {
  return log.slice(0, logCharacters);
}

/** Encodes a position. Overview of the manager makes such positions too, without the last two parts. */
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
