import { channelLabel, senderLabel } from './labels.js';
import { pairsOf, type Token, tokensOf } from './words.js';

/** Quotation marks of all kinds. Words between two of them must follow each other exactly. */
const quotes = /["\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02]/u;
/**
 * Minimum length, in characters, at which the last word also finds longer words that begin with it.
 * A shorter word would find too many.
 */
const prefixCharacters = 3;
/**
 * Maximum number of channels to look up by label. With more channels, it is cheaper to filter the
 * results.
 */
const labelledChannels = 4;

/**
 * Cuts a run into the words of its language. A message matches if it has all of these words, in any
 * place, even if its own runs would be cut differently.
 */
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

const anyOf = (terms: readonly string[]) => (terms.length > 1 ? `(${terms.join(' | ')})` : terms.join(''));
const inOrder = (terms: readonly string[]) => (terms.length > 1 ? `(${terms.join(' <-> ')})` : terms.join(''));

function wordTerm({ forms }: Token, isOpen: boolean): string {
  const ending = isOpen && forms.every((form) => [...form].length >= prefixCharacters) ? ':*' : '';
  return anyOf(forms.map((form) => `'${form}'${ending}`));
}

/**
 * Returns the term for a part of a run: its pairs, in order. For a single character, any pair that
 * begins with it.
 */
function partTerm(part: string): string {
  const pairs = pairsOf(part).slice(0, -1);
  return pairs.length === 0 ? `'${part}':*` : inOrder(pairs.map((pair) => `'${pair}'`));
}

function wordsInRun(run: string): string[] {
  const words = [...segmenter.segment(run)].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
  return words.length === 0 ? [run] : words;
}

/**
 * Returns the term for a run in a phrase. If the run ends the phrase, the text of the message may
 * continue with more letters.
 */
function runInPhrase(run: string, isLast: boolean): string {
  return isLast ? partTerm(run) : inOrder(pairsOf(run).map((pair) => `'${pair}'`));
}

function phraseTerms(text: string): string[] {
  const tokens = tokensOf(text);
  const terms = tokens.map((token, at) =>
    token.isRun ? runInPhrase(token.forms.join(''), at === tokens.length - 1) : wordTerm(token, false),
  );
  return terms.length === 0 ? [] : [inOrder(terms)];
}

/**
 * Returns the terms for a piece of text without spaces: its words, which must follow each other,
 * and the words of its runs.
 */
function chunkTerms(chunk: string, isLast: boolean): string[] {
  const tokens = tokensOf(chunk);
  const open = isLast ? tokens.at(-1) : undefined;
  const terms: string[] = [];
  let words: string[] = [];
  for (const token of tokens) {
    if (token.isRun) {
      terms.push(inOrder(words), ...token.forms.flatMap(wordsInRun).map(partTerm));
      words = [];
    } else words.push(wordTerm(token, token === open));
  }
  return [...terms, inOrder(words)].filter((term) => term !== '');
}

function looseTerms(text: string): string[] {
  const chunks = text.split(/\s+/u).filter((chunk) => chunk !== '');
  return chunks.flatMap((chunk, at) => chunkTerms(chunk, at === chunks.length - 1));
}

/**
 * Returns what to look for, as terms of a `tsquery` that must all match: the words, phrases and
 * sender. Empty if there is nothing to look for.
 */
export function termsOf(text: string, sender: string): string[] {
  const words = text.split(quotes).flatMap((part, at) => (at % 2 === 1 ? phraseTerms(part) : looseTerms(part)));
  return [...new Set([...words, ...(sender === '' ? [] : [`'${senderLabel(sender)}'`])])];
}

/**
 * Returns the `tsquery` for terms, in the channels and the stretch of time that the labels name.
 */
export function queryOf(
  terms: readonly string[],
  channelIds: readonly number[],
  timeLabels: readonly string[],
): string {
  const channels = channelIds.length > labelledChannels ? [] : channelIds.map(channelLabel);
  const places = [channels, timeLabels].filter(({ length }) => length > 0);
  return [...terms, ...places.map((labels) => anyOf(labels.map((label) => `'${label}'`)))].join(' & ');
}
