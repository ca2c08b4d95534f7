import { dayOf } from './timeline.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const precise = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

/** Such as 14:05. */
export function clockTime(at: number): string {
  return clock.format(at);
}

/** The same in the least room: no a.m. or p.m. */
export function shortTime(at: number): string {
  const parts = clock.formatToParts(at).filter(({ type }) => type !== 'dayPeriod');
  return parts
    .map(({ value }) => value)
    .join('')
    .trim();
}

/** To the second, with its day. */
export function fullTime(at: number): string {
  return full.format(at);
}

/** Until when something lasts that ends in so many milliseconds. The server counts no further than to 2^31. */
export function untilWords(inMs: number, nowMs: number): string {
  if (inMs > 20 * 86_400_000) return 'for weeks';
  const end = nowMs + inMs;
  return `until ${dayOf(end) === dayOf(nowMs) ? precise.format(end) : full.format(end)}`;
}

/** Midnight at the beginning of a local day: of the day of a time, or some days later. Days may have 23 or 25 hours. */
export function midnight(at: number, daysLater = 0): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + daysLater).getTime();
}

/** Today, Yesterday, the weekday, or the date. */
export function dayWords(at: number, nowMs: number): string {
  if (dayOf(at) === dayOf(nowMs)) return 'Today';
  if (dayOf(at) === dayOf(midnight(nowMs, -1))) return 'Yesterday';
  return at >= midnight(nowMs, -300) ? weekday.format(at) : date.format(at);
}
