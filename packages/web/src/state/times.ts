import { dayOf } from './timeline.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const precise = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const shortWeekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

/** Returns a time such as 14:05. */
export function clockTime(at: number): string {
  return clock.format(at);
}

/** Returns the time without a.m. or p.m., for narrow places. */
export function shortTime(at: number): string {
  const parts = clock.formatToParts(at).filter(({ type }) => type !== 'dayPeriod');
  return parts
    .map(({ value }) => value)
    .join('')
    .trim();
}

/** Returns the time today, the weekday within a week, or the date, for a list. */
export function briefTime(at: number, nowMs: number): string {
  if (dayOf(at) === dayOf(nowMs)) return clockTime(at);
  return at > midnight(nowMs, -6) ? shortWeekday.format(at) : shortDate.format(at);
}

/** Returns date and time to the minute. */
export function dateTime(at: number): string {
  return moment.format(at);
}

/** Returns date and time to the second. */
export function fullTime(at: number): string {
  return full.format(at);
}

/**
 * Returns "until" and the time `inMs` milliseconds from now, or "for weeks" if that is more than 20
 * days. (The server reports no more than 2^31 ms.)
 */
export function untilWords(inMs: number, nowMs: number): string {
  if (inMs > 20 * 86_400_000) return 'for weeks';
  const end = nowMs + inMs;
  return `until ${dayOf(end) === dayOf(nowMs) ? precise.format(end) : full.format(end)}`;
}

/**
 * Returns the start, in Unix ms, of the local day of a time, or of the day that is `daysLater` days
 * later. A local day can have 23 or 25 hours.
 */
export function midnight(at: number, daysLater = 0): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + daysLater).getTime();
}

/** Returns "Today", "Yesterday", the weekday or the date. */
export function dayWords(at: number, nowMs: number): string {
  if (dayOf(at) === dayOf(nowMs)) return 'Today';
  if (dayOf(at) === dayOf(midnight(nowMs, -1))) return 'Yesterday';
  return at >= midnight(nowMs, -300) ? weekday.format(at) : date.format(at);
}
