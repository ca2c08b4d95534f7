import { plainLine } from './text.js';

/** A part of a text, and whether the search looked for it. */
export interface Highlight {
  readonly text: string;
  readonly isHit: boolean;
}

const excerptLength = 240;
/** Number of characters before the first hit of an excerpt. */
const before = 40;
/** Minimum number of letters at which the last word of a query also finds longer words. */
const prefixLetters = 3;

const separators = /[^\p{L}\p{N}\p{Extended_Pictographic}]+/u;
const letter = /[\p{L}\p{N}]/u;
/** Scripts without spaces, whose texts are found by any part. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Returns characters as the search compares them, without case and accents. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/**
 * A text in the form that the search compares, and for each of its code units the place in the
 * original.
 */
function foldedWithPlaces(text: string) {
  const places: number[] = [];
  let all = '';
  let at = 0;
  for (const character of text) {
    const as = folded(character);
    all += as;
    for (let unit = 0; unit < as.length; unit++) places.push(at);
    at += character.length;
  }
  places.push(at);
  return { all, places };
}

interface Term {
  readonly word: string;
  /** Whether the term also finds longer words. */
  readonly isStart: boolean;
}

function termsOf(query: string): readonly Term[] {
  const words = folded(query)
    .split(separators)
    .filter((word) => word !== '');
  const endsOpen = !query.trimEnd().endsWith('"');
  return words.map((word, at) => ({
    word,
    isStart: unspaced.test(word) || (endsOpen && at === words.length - 1 && word.length >= prefixLetters),
  }));
}

/** Returns the ranges of a folded text that a term finds. */
function rangesOf(all: string, { word, isStart }: Term): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  const isPart = unspaced.test(word);
  for (let at = all.indexOf(word); at >= 0; at = all.indexOf(word, at + word.length)) {
    const end = at + word.length;
    const begins = isPart || !letter.test(all.charAt(at - 1));
    if (begins && (isStart || !letter.test(all.charAt(end)))) ranges.push([at, end]);
  }
  return ranges;
}

/** Splits a text into the parts that a search looked for and the rest. */
export function highlightsOf(text: string, query: string): readonly Highlight[] {
  const { all, places } = foldedWithPlaces(text);
  const ranges = termsOf(query)
    .flatMap((term) => rangesOf(all, term))
    .map(([from, to]) => [places[from] ?? 0, places[to] ?? text.length] as const)
    .sort(([a], [b]) => a - b);
  const parts: Highlight[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from < at) continue;
    if (from > at) parts.push({ text: text.slice(at, from), isHit: false });
    parts.push({ text: text.slice(from, to), isHit: true });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), isHit: false });
  return parts;
}

/**
 * Returns the part of a message around the first hit, on one line. An ellipsis replaces each
 * omitted part.
 */
export function excerptOf(text: string, query: string): readonly Highlight[] {
  const line = plainLine(text);
  const [first, second] = highlightsOf(line, query);
  const hitAt = first?.isHit === false && second !== undefined ? first.text.length : 0;
  const start = line.length <= excerptLength ? 0 : Math.max(0, hitAt - before);
  const part = line.slice(start, start + excerptLength).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  const end = start + excerptLength < line.length ? '…' : '';
  return highlightsOf(`${start > 0 ? '…' : ''}${part}${end}`, query);
}
