import type { GuestDialect } from '../../guests/guest-door.js';
import { Document002 } from './machine.js';

const paths: ReadonlySet<string> = new Set(['/chatserver/connect', '/chatserver']);

/** The door of document 002. */
export const document002: GuestDialect = {
  name: 'chatserver',
  owns: (path) => paths.has(path),
  nameIn: () => undefined,
  machineOf: (userId) => new Document002(userId),
};
