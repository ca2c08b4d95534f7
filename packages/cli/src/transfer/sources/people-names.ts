import { isDisplayName, isPrintable, limits } from '@parley/runtime';

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
  readonly name: string;
  readonly description: string;
}

/**
 * Returns the name and the description of a channel. If Parley does not accept the name, the name is
 * changed, and the description begins with the original one.
 */
export function channelNames(name: string, descriptions: readonly string[]): ChannelNames {
  const parts = descriptions.filter((one) => one !== '');
  if (isDisplayName(name)) return { name, description: printable(parts.join('\n')) };
  const short = [...printable(name).replace(/\s+/g, ' ').trim()].slice(0, limits.nameCharacters - 1).join('');
  const changed = isDisplayName(`${short}…`) ? `${short}…` : 'channel';
  return { name: changed, description: printable([name, ...parts].join('\n')) };
}

/** Removes invisible characters. */
export function printable(text: string): string {
  return isPrintable(text) ? text : text.replace(/(?![\n\t])\p{C}/gu, '');
}
