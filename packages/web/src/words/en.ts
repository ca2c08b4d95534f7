import { enPeople } from './en/people.js';
import { enSettings } from './en/settings.js';

/** All texts of the page in English. */
export const en = { people: enPeople, settings: enSettings };

/** All texts of the page. */
export type Words = typeof en;
