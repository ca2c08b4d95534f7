import { words, wordsLocale } from '../words/words.js';
import { dayOf } from './timeline.js';

const formats = {
  clock: { hour: 'numeric', minute: '2-digit' },
  precise: { timeStyle: 'medium' },
  full: { dateStyle: 'full', timeStyle: 'medium' },
  moment: { dateStyle: 'medium', timeStyle: 'short' },
  weekday: { weekday: 'long', day: 'numeric', month: 'long' },
  shortWeekday: { weekday: 'short' },
  shortDate: { day: 'numeric', month: 'short' },
  date: { day: 'numeric', month: 'long', year: 'numeric' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;

/** Formats by name and language. Making one takes much longer than using it. */
const made = new Map<string, Intl.DateTimeFormat>();

function formatOf(name: keyof typeof formats): Intl.DateTimeFormat {
  const locale = wordsLocale();
  const key = `${locale} ${name}`;
  const format = made.get(key) ?? new Intl.DateTimeFormat(locale, formats[name]);
  made.set(key, format);
  return format;
}

/** Returns a time such as 14:05. */
export function clockTime(at: number): string {
  return formatOf('clock').format(at);
}

/** Returns a time such as 14:05:09. */
export function preciseTime(at: number): string {
  return formatOf('precise').format(at);
}

/** Returns the time without a.m. or p.m., for narrow places. */
export function shortTime(at: number): string {
  const parts = formatOf('clock')
    .formatToParts(at)
    .filter(({ type }) => type !== 'dayPeriod');
  return parts
    .map(({ value }) => value)
    .join('')
    .trim();
}

/** Returns the time today, the weekday within a week, or the date, for a list. */
export function briefTime(at: number, nowMs: number): string {
  if (dayOf(at) === dayOf(nowMs)) return clockTime(at);
  return at > midnight(nowMs, -6) ? formatOf('shortWeekday').format(at) : formatOf('shortDate').format(at);
}

/** Returns a length in minutes and seconds, such as 1:05. */
export function lengthWords(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`;
}

/** Returns date and time to the minute. */
export function dateTime(at: number): string {
  return formatOf('moment').format(at);
}

/** Returns date and time to the second. */
export function fullTime(at: number): string {
  return formatOf('full').format(at);
}

/**
 * Returns "until" and the time `inMs` milliseconds from now, or "for weeks" if that is more than 20
 * days. (The server reports no more than 2^31 ms.)
 */
export function untilWords(inMs: number, nowMs: number): string {
  if (inMs > 20 * 86_400_000) return words().conversation.forWeeks;
  const end = nowMs + inMs;
  return words().conversation.until(
    dayOf(end) === dayOf(nowMs) ? formatOf('precise').format(end) : formatOf('full').format(end),
  );
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
  if (dayOf(at) === dayOf(nowMs)) return words().conversation.today;
  if (dayOf(at) === dayOf(midnight(nowMs, -1))) return words().conversation.yesterday;
  return at >= midnight(nowMs, -300) ? formatOf('weekday').format(at) : formatOf('date').format(at);
}
