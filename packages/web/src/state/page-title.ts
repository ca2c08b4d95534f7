import type { UnreadTotals } from './chats.js';

/** Returns the title of the window: the number of chats with something new, and the open chat. */
export function pageTitle({ chats }: Pick<UnreadTotals, 'chats'>, open: string | undefined): string {
  const name = open === undefined ? 'Parley' : `${open} · Parley`;
  return chats === 0 ? name : `(${chats > 99 ? '99+' : chats}) ${name}`;
}
