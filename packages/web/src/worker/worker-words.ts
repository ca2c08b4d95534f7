import { openDB } from 'idb';
import { noticeSettingsOf } from '../state/notice-settings.js';
import { deNotices } from '../words/de/notices.js';
import { enNotices, type NoticesWords } from '../words/en/notices.js';
import { type Language, preferredLanguage } from '../words/languages.js';

const catalogues: Readonly<Record<Language, NoticesWords>> = { en: enNotices, de: deNotices };

async function storedLanguage(): Promise<Language | undefined> {
  const database = await openDB('parley');
  try {
    return noticeSettingsOf(await database.get('settings', 'notices')).language;
  } finally {
    database.close(); // A newer version of the page would wait for it.
  }
}

/** Returns the texts of notifications in the language of the page, or else in that of the browser. */
export async function noticesWords(): Promise<NoticesWords> {
  const language = await storedLanguage().catch(() => undefined); // Nobody is signed in.
  return catalogues[language ?? preferredLanguage(navigator.languages)];
}
