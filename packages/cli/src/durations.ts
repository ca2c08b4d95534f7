import { usage } from './failure.js';

export const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** Returns the seconds of a time like `7d`, or undefined for other text. */
export function secondsOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(amount) * unitSeconds[unit as keyof typeof unitSeconds];
}

/**
 * Returns the Unix ms of the time that is a duration such as `7d` from now.
 * @throws {Failure} if the text is not such a duration; the message names `option`
 */
export function timeAfter(text: string, option: string): number {
  const seconds = secondsOf(text);
  if (seconds !== undefined && seconds > 0) return Date.now() + seconds * 1_000;
  throw usage(`${option} takes a whole number with s, m, h, d or w, such as 12h or 7d.`);
}

/**
 * Returns the first moment of a local date like `2026-01-31`, in Unix ms.
 * @throws {Failure} if the text is not such a date; the message names `option`
 */
export function startOfDay(text: string, option: string): number {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  if (date.getMonth() === Number(month) - 1 && date.getDate() === Number(day)) return date.getTime();
  throw usage(`${option} takes a date such as 2026-01-31.`);
}
