import { deAdmin } from './de/admin.js';
import { type AdminWords, enAdmin } from './en/admin.js';
import type { Language } from './languages.js';
import { wordsLanguage } from './words.js';

const catalogues: Readonly<Record<Language, AdminWords>> = { en: enAdmin, de: deAdmin };

/** Returns the texts of the admin page in the language of the page. The chat page has none of them. */
export function adminWords(): AdminWords {
  return catalogues[wordsLanguage()];
}
