import type { ChatItem } from '../src/state/chats.js';
import { neighbourOf, shortcutOf } from '../src/state/shortcuts.js';

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

test('a question mark opens the list of keys, but not while the user types', () => {
  expect(shortcutOf({ ...none, key: '?', shiftKey: true }, false)).toBe('shortcuts');
  expect(shortcutOf({ ...none, key: '?', shiftKey: true }, true)).toBeUndefined();
});

test('keys with Alt or Ctrl work while the user types', () => {
  expect(shortcutOf({ ...none, key: ',', metaKey: true }, true)).toBe('settings');
  expect(shortcutOf({ ...none, key: 'ArrowDown', altKey: true }, true)).toBe('next');
  expect(shortcutOf({ ...none, key: 'ArrowUp', altKey: true, shiftKey: true }, true)).toBe('previousUnread');
  expect(shortcutOf({ ...none, key: 'ArrowUp' }, false)).toBeUndefined();
});

const chat = (id: number, unread = 0) =>
  ({ channel: { id }, unread, mentions: 0, markedUnread: false, notify: 'all' }) as ChatItem;

test('the next and previous chats follow the list, round its ends', () => {
  const items = [chat(1), chat(2), chat(3, 4)];
  const next = { step: 1, isUnread: false } as const;
  const previous = { step: -1, isUnread: false } as const;
  expect([1, 2, 3, undefined].map((id) => neighbourOf(items, id, next))).toEqual([2, 3, 1, 1]);
  expect([1, 2, 3, undefined].map((id) => neighbourOf(items, id, previous))).toEqual([3, 1, 2, 3]);
  expect(neighbourOf(items, 1, { step: 1, isUnread: true })).toBe(3);
  expect(neighbourOf(items, 3, { step: 1, isUnread: true })).toBeUndefined();
  expect(neighbourOf([], undefined, next)).toBeUndefined();
  expect(neighbourOf([chat(1)], 1, previous)).toBeUndefined();
});
