import { en, type Words } from './en.js';
import { type Language, localeOf } from './languages.js';

/** Loads the texts of a language. English is always there; others are loaded on demand. */
const catalogues: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => en,
  de: async () => (await import('./de.js')).de,
};

let current: Words = en;
let spoken: Language = 'en';
let locale: string | undefined;

/** Returns all texts in the language of the page. */
export function words(): Words {
  return current;
}

/** Returns the language of the page. */
export function wordsLanguage(): Language {
  return spoken;
}

/** Returns the tag for dates, numbers and lists; undefined means the tag of the system. */
export function wordsLocale(): string | undefined {
  return locale;
}

/**
 * Changes the language of the page once its texts are loaded. `tags` are the languages that the
 * user prefers, such as `en-GB`.
 * @throws {TypeError} if the texts cannot be loaded
 */
export async function speak(language: Language, tags: readonly string[]): Promise<void> {
  current = await catalogues[language]();
  spoken = language;
  locale = localeOf(language, tags);
}

/** Returns the text for a word of the server, if there is one. */
export function textFor(texts: Readonly<Record<string, string>>, word: string): string | undefined {
  return Object.hasOwn(texts, word) ? texts[word] : undefined;
}

/** Returns the parts of a list such as "a, b and c": its elements, and what stands between them. */
export function listParts(elements: readonly string[]): { type: 'element' | 'literal'; value: string }[] {
  return new Intl.ListFormat(locale).formatToParts(elements);
}
