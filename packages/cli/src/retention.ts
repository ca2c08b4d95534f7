import type { Retention } from '@parley/contract';
import { secondsOf, unitSeconds } from './durations.js';
import { usage } from './failure.js';
import { counted } from './plain-text.js';

/** Longest retention, in seconds: the largest value of the database column. */
const longestSeconds = 2_147_483_647;

/**
 * Parses a retention: `forever`, `nothing`, or a time like `7d`.
 * @throws {Failure} if the text is none of these
 */
export function retentionFrom(text: string): Partial<Retention> {
  if (text === 'forever') return { everything: true };
  if (text === 'nothing') return { nothing: true };
  const seconds = secondsOf(text);
  if (seconds !== undefined && seconds > 0 && seconds <= longestSeconds) return { seconds };
  throw usage(
    '--retention takes forever, nothing, or a whole number with s, m, h, d or w, such as 12h or 7d; at most 24855d.',
  );
}

/** Formats a retention in the form that `retentionFrom` parses. */
export function retentionWords(retention: Partial<Retention> | undefined): string {
  if (retention?.everything === true) return 'forever';
  const seconds = retention?.seconds ?? 0;
  if (seconds === 0) return 'nothing';
  const unit = (['d', 'h', 'm', 's'] as const).find((one) => seconds % unitSeconds[one] === 0) ?? 's';
  return `${seconds / unitSeconds[unit]}${unit}`;
}

/** Formats a retention for people. */
export function historyWords(retention: Partial<Retention> | undefined): string {
  const time = retentionWords(retention);
  if (time === 'nothing') return 'off';
  return retention?.maxCount ? `${time}, at most ${counted(retention.maxCount, 'message')}` : time;
}
