/** The languages of the page, each by its own name. */
export const languages = { en: 'English', de: 'Deutsch' } as const;

/** A language of the page. */
export type Language = keyof typeof languages;

export function isLanguage(tag: unknown): tag is Language {
  return typeof tag === 'string' && Object.hasOwn(languages, tag);
}

const baseOf = (tag: string) => tag.toLowerCase().split('-', 1)[0] ?? '';

/** Returns the first language of the page among those that a user prefers; English if there is none. */
export function preferredLanguage(tags: readonly string[]): Language {
  return tags.map(baseOf).find(isLanguage) ?? 'en';
}

/**
 * Returns the tag for dates and numbers in a language: the user's own variant, such as `en-GB`, if
 * they prefer one, or else the language itself.
 */
export function localeOf(language: Language, tags: readonly string[]): string {
  return tags.find((tag) => baseOf(tag) === language) ?? language;
}
