import { channelSettings } from '@parley/contract';
import { isDisplayName, isPrintable, limits } from '@parley/runtime';
import { splitText } from './split-text.js';

/** Gives each person of another system a user id that Parley accepts and that nobody else there has. */
export class UserIds {
  readonly #taken = new Set<string>();

  /**
   * Returns the name as a user id. If another person has it, appends `id`.
   * @param id id of the person in the other system
   */
  take(name: string, id: string): string {
    const wanted = cleanId(name) || cleanId(id) || 'someone';
    const free = [wanted, `${wanted.slice(0, 32)}-${cleanId(id).slice(0, 31)}`].find(
      (one) => !this.#taken.has(one.toLowerCase()),
    );
    const given = free ?? `${wanted.slice(0, 48)}-${this.#taken.size}`;
    this.#taken.add(given.toLowerCase());
    return given;
  }
}

/** Returns the characters of a text that a user id may have. */
function cleanId(text: string): string {
  const clean = text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '')
    .replace(/^[._-]+/, '');
  return clean.replace(/^guest\./i, 'guest-').slice(0, limits.userIdCharacters);
}

/** Returns the first text that is a valid name. */
export function firstName(...names: (string | undefined)[]): string {
  const valid = names
    .map((name) => name?.normalize('NFC').trim())
    .find((name) => name !== undefined && isDisplayName(name));
  return valid ?? 'Someone';
}

/** Name and description of a channel. */
export interface ChannelNames {
  readonly shown: { readonly name: string; readonly description: string };
  /** Texts of the first messages: the whole description if it is too long, or else none. */
  readonly opening: readonly string[];
}

/** Returns the first human; if there is none, the first bot. */
export function humanFirst(people: readonly string[], isBot: (id: string) => boolean): string | undefined {
  return people.find((id) => !isBot(id)) ?? people[0];
}

/**
 * Returns the name and the description of a channel. If Parley does not accept the name, the name is
 * changed, and the description begins with the original one.
 */
export function channelNames(name: string, descriptions: readonly string[]): ChannelNames {
  const parts = descriptions.filter((one) => one !== '');
  const normal = name.normalize('NFC');
  if (isDisplayName(normal)) return describedAs(normal, parts);
  const changed = shortened(printable(normal).replace(/\s+/g, ' ').trim());
  return describedAs(isDisplayName(changed) ? changed : 'channel', [name, ...parts]);
}

/** Returns a name that is short enough. One that was cut ends with `…`. */
function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= limits.nameCharacters) return name;
  return `${characters.slice(0, limits.nameCharacters - 1).join('')}…`;
}

function describedAs(name: string, parts: readonly string[]): ChannelNames {
  const whole = printable(parts.join('\n'));
  const { max } = channelSettings.description;
  if (whole.length <= max) return { shown: { name, description: whole }, opening: [] };
  const start = printable(whole.slice(0, max - 1)); // Half of a character is not printable.
  return { shown: { name, description: `${start}…` }, opening: splitText(whole) };
}

/** Removes invisible characters. */
export function printable(text: string): string {
  return isPrintable(text) ? text : text.replace(/(?![\n\t])\p{C}/gu, '');
}
