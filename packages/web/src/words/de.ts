import { dePeople } from './de/people.js';
import { deSettings } from './de/settings.js';
import type { Words } from './en.js';

/** All texts of the page in German. */
export const de: Words = { people: dePeople, settings: deSettings };
