import { displayName, type Reason, refuse } from '@parley/runtime';
import type { GuestDialect } from '../../guests/guest-door.js';
import { accountOf } from '../../guests/guest-names.js';
import { Document003 } from './machine.js';

const prefix = '/ws/';
/** Maximum length of a name in bytes of UTF-8. It must fit into a user id. */
const maxNameBytes = 32;
const taken: ReadonlySet<Reason> = new Set<Reason>(['guest-name-taken', 'user-id-taken']);

/**
 * Returns a name of a user or a room as the document compares them: without upper case.
 * @throws {Refusal} `invalid-name`
 */
export function foldedName(text: string): string {
  return displayName(text.toLowerCase());
}

/**
 * Returns the name of a guest.
 * @throws {Refusal} `invalid-name`
 */
export function guestNameOf(text: string): string {
  const name = foldedName(text);
  if (Buffer.byteLength(name) > maxNameBytes || accountOf(name) !== undefined)
    throw refuse('invalid-name', {
      message: `Use a name of at most ${maxNameBytes} bytes that does not start with @.`,
    });
  return name;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw refuse('invalid-name', { message: 'The name is not encoded as UTF-8 in the path.', cause });
  }
}

/** The WebSockets of document 003. */
export const document003: GuestDialect = {
  name: 'chatter',
  owns: (path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/') && path.length > prefix.length,
  nameIn: (path) => guestNameOf(decoded(path.slice(prefix.length))),
  machineOf: (userId) => new Document003(userId, Date.now),
  refusalOf: (refusal) =>
    taken.has(refusal.reason) ? { http: 403, message: 'user with this name already exists' } : undefined,
};
