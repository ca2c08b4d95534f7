import { dayOf } from './timeline.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const dayMs = 86_400_000;

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

/** Today, Yesterday, the weekday, or the date. */
export function dayWords(at: number, nowMs: number): string {
  if (dayOf(at) === dayOf(nowMs)) return 'Today';
  if (dayOf(at) === dayOf(nowMs - dayMs)) return 'Yesterday';
  return nowMs - at < 300 * dayMs ? weekday.format(at) : date.format(at);
}
