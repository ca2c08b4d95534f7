import { type ChatItem, needsAttention } from './chats.js';

/** Action of a key that works anywhere in the page. */
export type Shortcut = 'shortcuts' | 'settings' | 'previous' | 'next' | 'previousUnread' | 'nextUnread';

type Keys = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** Returns the action of a key. While the user types in a field, letters and signs have none. */
export function shortcutOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Keys, isTyping: boolean): Shortcut | undefined {
  const isCommand = ctrlKey || metaKey;
  if (key === '?' && !isTyping && !isCommand && !altKey) return 'shortcuts';
  if (key === ',' && isCommand && !altKey && !shiftKey) return 'settings';
  if (!altKey || isCommand) return undefined;
  if (key === 'ArrowUp') return shiftKey ? 'previousUnread' : 'previous';
  if (key === 'ArrowDown') return shiftKey ? 'nextUnread' : 'next';
  return undefined;
}

/**
 * Returns the chat that is `step` places from the open one, round the ends of the list. Passes over
 * chats without anything new if `isUnread`. Without an open chat, starts before the first one.
 */
export function neighbourOf(
  items: readonly ChatItem[],
  openId: number | undefined,
  { step, isUnread }: { readonly step: 1 | -1; readonly isUnread: boolean },
): number | undefined {
  const open = items.findIndex(({ channel }) => channel.id === openId);
  const from = open === -1 && step === -1 ? 0 : open;
  const all = items.map((_, index) => items.at((from + step * (index + 1)) % items.length));
  return all.find((item) => item !== undefined && item.channel.id !== openId && (!isUnread || needsAttention(item)))
    ?.channel.id;
}
