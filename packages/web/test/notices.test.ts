import { type Channel, ChannelKind } from '@parley/client';
import type { ChatItem } from '../src/state/chats.js';
import { fold } from '../src/state/lines.js';
import { noticeSettingsOf, quietForMs, quietSettings } from '../src/state/notice-settings.js';
import {
  blockedWords,
  membershipNotice,
  messageNotice,
  messagesOf,
  type NewMessage,
  replyOf,
  withNews,
} from '../src/state/notices.js';
import { badgeText, iconWithBadge } from '../src/state/page-icon.js';
import { about, said } from './entries.js';

function itemWith(more: Partial<ChatItem>): ChatItem {
  const channel = { id: 7, name: 'team', kind: ChannelKind.GROUP } as Channel;
  const counts = { last: undefined, unread: 1, mentions: 0, markedUnread: false, log: 'a', lastSeq: 9 };
  return { channel, peer: undefined, notify: 'all', readSeq: 3, countedSeq: 3, receipts: {}, ...counts, ...more };
}

const direct: Partial<ChatItem> = {
  ...{ channel: { id: 7, kind: ChannelKind.DIRECT } as Channel, peer: { id: 'bob', name: 'Bob' } },
};
const names = { bob: 'Bob', eve: 'Eve' };
const message = (seq: number, text: string, sender = 'bob'): NewMessage => ({ seq, sender, text });

function told(messages: readonly NewMessage[], more: Partial<ChatItem>, showsText: boolean) {
  return messageNotice({ items: { 7: itemWith(more) }, names }, 7, messages, showsText);
}

test.each([
  [direct, true, ['hi'], { title: 'Bob', body: 'hi' }],
  [direct, false, ['hi'], { title: 'Bob', body: 'New message' }],
  [direct, false, ['hi', 'you'], { title: 'Bob', body: '2 new messages' }],
  [{}, true, ['hi'], { title: 'team', body: 'Bob: hi' }],
  [{}, true, ['hi', 'you'], { title: 'team', body: 'Bob: you (2 new messages)' }],
  [{}, false, ['hi'], { title: 'team', body: 'New message from Bob' }],
  [{}, true, [''], { title: 'team', body: 'New message from Bob' }],
  [{}, true, ['a\u202eb\nc'], { body: 'Bob: ab c' }],
  [{}, true, ['x'.repeat(161)], { body: `Bob: ${'x'.repeat(160)}…` }],
])(
  'a notification says where and from which user, and the text only if it may: %#',
  (more, showsText, texts, expected) => {
    const messages = texts.map((text, index) => message(4 + index, text));
    expect(told(messages, more, showsText)).toMatchObject({ ...expected, tag: 'chat-7', href: '#chat-7/4' });
  },
);

test('there is no notification of what the user has read, or in a chat that is gone', () => {
  expect(told([message(3, 'old')], {}, true)).toBeUndefined();
  expect(told([message(3, 'old'), message(4, 'new')], {}, true)).toMatchObject({ body: 'Bob: new', href: '#chat-7/4' });
  expect(messageNotice({ items: {}, names }, 7, [message(4, 'hi')], true)).toBeUndefined();
});

const audience = { me: 'ann', notify: 'all', isOwn: (seq: number) => seq === 4 } as const;

test('only messages of other users count', () => {
  const entries = [said(4, 'ann', 'mine'), said(5, 'bob', 'hi'), about(6, 'bob', 'edit', 5, 'ho')];
  expect(messagesOf(entries, audience)).toEqual([message(5, 'hi')]);
});

test.each([
  ['all', [5, 6, 7, 8]],
  ['mentions', [6, 7]],
  ['none', []],
] as const)(
  'in a chat with level %s, a message, a mention, and replies to the user and others count: %j',
  (notify, seqs) => {
    const mention = { ...said(6, 'bob', '@ann'), mentions: ['ann'] };
    const replies = [said(7, 'bob', 'to ann', { replyTo: 4 }), said(8, 'bob', 'to bob', { replyTo: 5 })];
    const entries = [said(5, 'bob', 'hi'), mention, ...replies];
    expect(messagesOf(entries, { ...audience, notify }).map(({ seq }) => seq)).toEqual(seqs);
  },
);

test('a reply to an own message that is not loaded counts at "Only mentions", once', () => {
  const lines = fold([], [said(9, 'bob', 'at last', { replyTo: 2 })], 'ann');
  const items = (notify: ChatItem['notify']) => ({ items: { 7: itemWith({ notify }) } });
  const reply = { kind: 'reply', channelId: 7, seq: 9, by: 'bob' } as const;
  expect(replyOf(items('mentions'), reply, lines)).toEqual(message(9, 'at last'));
  expect(replyOf(items('mentions'), reply, [])).toEqual(message(9, ''));
  expect(replyOf(items('all'), reply, lines)).toBeUndefined(); // Every message counts there.
  expect(replyOf(items('none'), reply, lines)).toBeUndefined();
  expect(replyOf(items('mentions'), { ...reply, kind: 'mention' }, lines)).toBeUndefined();
  const unread = [message(8, 'a'), message(9, 'at last')];
  expect(withNews(unread, [message(9, '')], 100)).toEqual(unread);
  expect(withNews([message(9, 'at last')], [message(8, 'a')], 100)).toEqual(unread);
  expect(withNews(unread, [message(10, 'c')], 2).map(({ seq }) => seq)).toEqual([9, 10]);
});

test('a change of membership has a notification of its own', () => {
  const about7 = (kind: 'added' | 'role' | 'mention') =>
    membershipNotice({ items: { 7: itemWith({}) } }, { kind, channelId: 7 });
  expect(about7('added')).toMatchObject({ title: 'team', body: 'You were added', href: '#chat-7' });
  expect(about7('mention')).toBeUndefined();
});

test.each([[undefined], [null], [7], [{ shows: 1, showsText: 'yes', quietUntilMs: Number.NaN }], [[]]])(
  'stored settings that make no sense are quiet: %j',
  (stored) => {
    expect(noticeSettingsOf(stored)).toEqual(quietSettings);
  },
);

test.each([
  [0, 0],
  [1_000, 0],
  [3_601_000, 3_600_000],
  [1_000 + 86_400_000, 86_400_000],
  [1_000 + 7 * 86_400_000, 0], // The clock was a week ahead when it was set.
])('do not disturb until %i lasts %i ms more', (quietUntilMs, expected) => {
  expect(quietForMs({ ...quietSettings, quietUntilMs }, 1_000)).toBe(expected);
});

test('a blocked permission says what to do', () => {
  expect(blockedWords('denied')).toMatch(/Open the site settings .* allow notifications/);
  expect(blockedWords('none')).toMatch(/HTTPS/);
  expect([blockedWords('default'), blockedWords('granted')]).toEqual([undefined, undefined]);
});

test('the icon of the page has a number of at most two characters', () => {
  expect([badgeText(1), badgeText(9), badgeText(10), badgeText(250)]).toEqual(['1', '9', '9+', '9+']);
  expect(decodeURIComponent(iconWithBadge(3))).toMatch(/^data:image\/svg\+xml,<svg .*>3<\/text><\/svg>$/);
});
