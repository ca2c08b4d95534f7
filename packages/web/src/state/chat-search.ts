import { plainLine } from './text.js';

/** Something that the quick switcher can open. */
export interface Destination {
  readonly id: number;
  readonly title: string;
  readonly href: string;
  /** Description of its kind, such as "Group". */
  readonly about: string;
  /** Unix ms of the last activity. */
  readonly at: number;
}

const fold = (text: string) => plainLine(text).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * Returns how well a title matches a query: 3 if the title begins with the query, 2 if a word of it
 * does, 1 if the title contains the characters in order, 0 if it does not match.
 */
export function matchScore(title: string, query: string): 0 | 1 | 2 | 3 {
  const [text, sought] = [fold(title), fold(query).trim()];
  if (text.startsWith(sought)) return 3;
  if (text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(sought))) return 2;
  let at = 0;
  for (const character of sought) {
    at = text.indexOf(character, at) + 1;
    if (at === 0) return 0;
  }
  return 1;
}

/** Returns the destinations that match a query: the best first, then the most recently active. */
export function matchingDestinations(all: readonly Destination[], query: string): readonly Destination[] {
  return all
    .map((one) => ({ one, score: matchScore(one.title, query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.one.at - a.one.at)
    .map(({ one }) => one);
}
