/**
 * Version of the rules in this file. Increment it with every change that cuts any text into other
 * words: the indexer then cuts all messages again.
 */
export const wordRules = 2;

/**
 * A word, an emoji (two regional indicators are a flag), or a run of letters of a script that is
 * written without spaces.
 */
export interface Token {
  /** The spellings under which the token is found: one, or two for a word with an umlaut. */
  readonly forms: readonly string[];
  /** Whether the token is a run. A run is found by any part of it. */
  readonly isRun: boolean;
}

/**
 * Scripts whose words are not separated by spaces, or, in Korean, carry endings that are written
 * without a space.
 */
const unspaced = ['Han', 'Hira', 'Kana', 'Bopo', 'Hang', 'Yiii', 'Thai', 'Laoo', 'Khmr', 'Mymr', 'Tibt', 'Java', 'Bali']
  .map((script) => `\\p{scx=${script}}`)
  .join('');
const letters = String.raw`[\p{L}\p{M}\p{N}]`;
const pieces = new RegExp(
  `(?<run>[${letters}&&[${unspaced}]]+)|[${letters}--[${unspaced}]]+|\\p{Extended_Pictographic}|\\p{Regional_Indicator}{1,2}`,
  'gv',
);

/** Characters that do not change a word: joiners, direction marks, soft hyphens and the tatweel. */
const invisible = /[\p{Default_Ignorable_Code_Point}\u0640]/gu;
/** Accents and vowel marks of scripts in which people often leave them out when they type. */
const accents = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}])\p{M}+/gu;
/**
 * Russian stress marks, which do not change a letter. The marks of й, ї and ў make another letter,
 * so they are not here.
 */
const stress = /(\p{Script=Cyrillic})[\u0300\u0301]+/gu;
const yo = /е\u0308/gu;

const foldedLetters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ς: 'σ' },
  ...{ ى: 'ي', ی: 'ي', ک: 'ك', ة: 'ه' },
};
const folding = new RegExp(`[${Object.keys(foldedLetters).join('')}]`, 'gu');

const umlauts: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' };
const hasUmlaut = /[äöü]/u;
const everyUmlaut = /[äöü]/gu;

/** The Arabic article, with or without a one-letter conjunction and preposition. */
const article = /^(?:[وف]?[بك]?ال|[وف]?لل)(?=...)/u;

/** Maximum length of a word in characters. The rest of a longer word is ignored. */
const wordCharacters = 64;
/**
 * Maximum number of indexed positions in a message. Each word has one, and each character of a run
 * has one. PostgreSQL allows 16,383.
 */
export const indexedPlaces = 16_000;
const textCharacters = 65_536;

/** Returns the text in lower case, in one spelling of each letter, without accents. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(invisible, '')
    .replace(accents, '$1')
    .replace(stress, '$1')
    .replace(yo, 'е')
    .normalize('NFC')
    .replace(folding, (character) => foldedLetters[character] ?? '')
    .slice(0, textCharacters);
}

function cut(text: string): RegExpMatchArray[] {
  return [...fold(text).matchAll(pieces)];
}

const shorten = (word: string) => (word.length > wordCharacters ? [...word].slice(0, wordCharacters).join('') : word);

/** Cuts a text into its words, in order. German umlauts have a second spelling, with an e. */
export function tokensOf(text: string): Token[] {
  const lower = text.normalize('NFC').toLowerCase();
  const found = cut(text);
  const spelledOut = hasUmlaut.test(lower) ? cut(lower.replace(everyUmlaut, (vowel) => umlauts[vowel] ?? '')) : found;
  return found.map((piece, at) => {
    const isRun = piece.groups?.run !== undefined;
    const words = [piece[0], spelledOut[at]?.[0] ?? piece[0]];
    return { isRun, forms: isRun ? [piece[0]] : [...new Set(words.map(shorten))] };
  });
}

/**
 * Returns the word at each position of a run: two neighbouring characters, or the last character
 * alone.
 */
export function pairsOf(run: string): string[] {
  const characters = [...run];
  return characters.map((character, at) => character + (characters[at + 1] ?? ''));
}

function spellingsAt({ forms, isRun }: Token): readonly (readonly string[])[] {
  if (isRun) return forms.flatMap(pairsOf).map((pair) => [pair]);
  const bare = forms.map((form) => form.replace(article, ''));
  return [[...new Set([...forms, ...bare])]];
}

/**
 * Returns the labels and the words of a text, as PostgreSQL writes a `tsvector`: first the labels,
 * without positions, and then each word with its positions.
 */
export function vectorOf(text: string, labels: readonly string[]): string {
  const places = new Map<string, number[]>();
  const spellings = tokensOf(text).flatMap(spellingsAt).slice(0, indexedPlaces);
  spellings.forEach((words, at) => {
    for (const word of words) {
      const known = places.get(word);
      if (known === undefined) places.set(word, [at + 1]);
      else known.push(at + 1);
    }
  });
  const words = [...places].map(([word, at]) => `'${word}':${at.join(',')}`);
  return [...labels.map((label) => `'${label}'`), ...words].join(' ');
}
