import { type Channel, ChannelKind, type ChatSummary, type EntryEvent, MemberRole } from '@parley/client';
import { matchingDestinations, matchScore } from '../src/state/chat-search.js';
import {
  type ChatsAction,
  type ChatsState,
  chatsReducer,
  deletesUnread,
  firstChats,
  needsAttention,
  noChats,
  orderedChats,
  readBeyond,
  receiptEffect,
  titleOf,
  unreadTotals,
} from '../src/state/chats.js';
import { pageTitle } from '../src/state/page-title.js';
import { chatHref, placeOf, roomHref } from '../src/state/place.js';
import { about, said, withoutFiles } from './entries.js';

const log = 'log-1';

function summary(id: number, fields: Partial<ChatSummary> = {}, channel: Partial<Channel> = {}): ChatSummary {
  return {
    channel: { id, name: `chat ${id}`, kind: ChannelKind.GROUP, createdAt: id, lastSeq: 0, ...channel } as Channel,
    peer: undefined,
    last: undefined,
    ...{ unread: 0, mentions: 0, markedUnread: false, log, notify: 'all', others: [] },
    mine: { deliveredSeq: 0, readSeq: 0 },
    ...fields,
  };
}

function after(...actions: ChatsAction[]): ChatsState {
  return actions.reduce(chatsReducer, noChats('ann'));
}

const all = (...chats: ChatSummary[]): ChatsAction => ({ type: 'all', chats });
const entries = (id: number, ...some: Extract<ChatsAction, { type: 'entries' }>['entries'][number][]): ChatsAction => ({
  ...{ type: 'entries', id, log },
  entries: some,
});
const mentioning = (seq: number, sender: string) => ({ ...said(seq, sender, 'hello'), mentions: ['ann'] });
const idsOf = (state: ChatsState) => orderedChats(state).others.map(({ channel }) => channel.id);

test('lists chats by their last message, and others by their creation; favourites come first', () => {
  const state = after(all(summary(1), summary(2, { last: said(5, 'bob', 'hi') }), summary(3)));
  expect(idsOf(state)).toEqual([2, 3, 1]);
  const later = [entries(1, said(9, 'bob', 'new')), { type: 'favourite', id: 3, isFavourite: true } as const].reduce(
    chatsReducer,
    state,
  );
  expect([idsOf(later), orderedChats(later).favourites.map(({ channel }) => channel.id)]).toEqual([[1, 2], [3]]);
  expect(orderedChats(later, 'unread').others.map(({ channel }) => channel.id)).toEqual([1]);
});

test('a long list is cut after some chats, but not before the open one', () => {
  const { others } = orderedChats(after(all(...[1, 2, 3, 4, 5].map((id) => summary(id)))));
  const first = (most: number, openId?: number) => firstChats(others, most, openId).map(({ channel }) => channel.id);
  expect([first(2), first(9), first(2, 5), first(2, 2)]).toEqual([
    [5, 4],
    [5, 4, 3, 2, 1],
    [5, 4],
    [5, 4, 3, 2],
  ]);
});

test('counts each new message of others once, and the mentions among them', () => {
  const start = all(summary(1, { unread: 2, mentions: 1, mine: { deliveredSeq: 3, readSeq: 3 } }, { lastSeq: 5 }));
  const state = after(
    start,
    entries(1, said(5, 'bob', 'counted already'), said(6, 'bob', 'new'), said(7, 'ann', 'mine'), mentioning(8, 'bob')),
    entries(1, said(6, 'bob', 'new'), mentioning(8, 'bob')),
  );
  expect(state.items[1]).toMatchObject({ unread: 4, mentions: 2, lastSeq: 8, last: { seq: 8, text: 'hello' } });
});

test('the preview says what is left out, splits no character, and tells a message without text from a deleted one', () => {
  const previewOf = (last: EntryEvent) => after(all(summary(1, { last }))).items[1]?.last?.text;
  expect(previewOf(said(5, 'bob', 'a'.repeat(200)))).toBe('a'.repeat(200));
  expect(previewOf(said(5, 'bob', 'a'.repeat(201)))).toBe(`${'a'.repeat(200)}…`);
  expect(previewOf(said(5, 'bob', `${'a'.repeat(199)}🎉`))).toBe(`${'a'.repeat(199)}…`);
  expect(previewOf({ ...said(5, 'bob', ''), contentType: 'image/png' })).toBeUndefined();
  expect(previewOf({ ...said(5, 'bob', ''), deleted: true })).toBe('');
});

test('a receipt at the end of the log clears the counts, and one before it leaves them to the server', () => {
  const start = all(summary(1, { unread: 3, mentions: 1, markedUnread: true }, { lastSeq: 5 }));
  expect(after(start, { type: 'read', id: 1, seq: 4 }).items[1]).toMatchObject({ unread: 3, readSeq: 4 });
  expect(after(start, { type: 'read', id: 1, seq: 5 }).items[1]).toMatchObject({
    ...{ unread: 0, mentions: 0, markedUnread: false, readSeq: 5 },
  });
});

test('settings of a channel leave the role alone, except of a new owner, and a membership sets it with the mark', () => {
  const start = all(summary(1, {}, { myRole: MemberRole.ADMIN, ownerId: 'bob', lastSeq: 5 }));
  const settings = (ownerId: string): ChatsAction => ({
    type: 'changed',
    channel: { ...summary(1, {}, { name: 'new', ownerId, lastSeq: 9, myRole: MemberRole.UNSPECIFIED }).channel },
  });
  const [renamed, own] = [settings('bob'), settings('ann')];
  const channelAfter = (...actions: ChatsAction[]) => after(start, ...actions).items[1]?.channel;
  expect(channelAfter(renamed)).toMatchObject({ name: 'new', myRole: MemberRole.ADMIN, lastSeq: 5 });
  expect(channelAfter(renamed, own)).toMatchObject({ myRole: MemberRole.OWNER });
  const set = { role: MemberRole.MEMBER, markedUnread: true, notify: 'none' } as const;
  const item = after(start, own, { type: 'membership', id: 1, ...set }).items[1];
  expect(item).toMatchObject({ channel: { myRole: MemberRole.MEMBER }, markedUnread: true, notify: 'none' });
});

test('an entry about members leaves their number to the server, until it counts again', () => {
  const entry = {
    ...({ type: 'member', userId: 'eve', userIds: ['eve'], joined: true, role: 'member', by: 'bob' } as const),
    ...{ seq: 6, timestamp: 6, sender: 'bob', clientId: '' },
  };
  const start = all(summary(1, {}, { lastSeq: 5, memberCount: 2 }));
  expect(after(start, entries(1, entry)).items[1]).toMatchObject({ recountSeq: 6, lastSeq: 6 });
  expect(after(start, entries(1, { ...entry, seq: 5 })).items[1]?.recountSeq).toBeUndefined();
  const counted = summary(1, {}, { lastSeq: 6, memberCount: 3 });
  const item = after(start, entries(1, entry), { type: 'refreshed', chat: counted }).items[1];
  expect([item?.recountSeq, item?.channel.memberCount]).toEqual([undefined, 3]);
});

test('a chat has the receipts of the others, and none in another log', () => {
  const others = [{ userId: 'bob', deliveredSeq: 5, readSeq: 4 }];
  const start = all(summary(1, { others }));
  expect(after(start).items[1]?.receipts).toEqual({ bob: { deliveredSeq: 5, readSeq: 4 } });
  expect(after(start, { type: 'restarted', id: 1, log: 'log-2' }).items[1]?.receipts).toEqual({});
});

test('some chats are listed before the others arrive, and chats that are gone stay until all have arrived', () => {
  const cached = { type: 'cached', listing: { ...noChats('ann'), items: after(all(summary(9))).items } } as const;
  const some = after(cached, { type: 'some', chats: [summary(3), summary(2)] });
  expect([idsOf(some), some.fresh]).toEqual([[9, 3, 2], false]);
  const state = [all(summary(3), summary(2), summary(1))].reduce(chatsReducer, some);
  expect([idsOf(state), state.fresh]).toEqual([[3, 2, 1], true]);
});

test('only the server can count again when an unread message is deleted', () => {
  const item = after(all(summary(1, { unread: 1, mine: { deliveredSeq: 4, readSeq: 4 } }, { lastSeq: 5 }))).items[1];
  const deletion = (target: number) => [about(6, 'bob', 'delete', target)];
  expect(item && [deletesUnread(item, deletion(5)), deletesUnread(item, deletion(4))]).toEqual([true, false]);
  expect(item && deletesUnread({ ...item, unread: 0 }, deletion(5))).toBe(false);
});

test('what was read without a connection stays read, and only in the same log and up to its end', () => {
  const known = { unread: 3, mentions: 1, mine: { deliveredSeq: 5, readSeq: 2 } };
  const item = (readSeq: number, fields: Partial<ChatSummary> = {}) => {
    const start = [all(summary(1, known, { lastSeq: 5 })), { type: 'read', id: 1, seq: readSeq } as const];
    return after(...start, all(summary(1, { ...known, ...fields }, { lastSeq: 5 }))).items[1];
  };
  expect(item(5)).toMatchObject({ unread: 0, mentions: 0, readSeq: 5 });
  expect(item(4)).toMatchObject({ unread: 3, readSeq: 4, countedSeq: 2 });
  expect(item(5, { log: 'log-2' })).toMatchObject({ unread: 3, readSeq: 2 });
  expect(item(5, { markedUnread: true })).toMatchObject({ unread: 0, markedUnread: true }); // The receipt will remove it.
  const before = item(5);
  expect(readBeyond(summary(1, known, { lastSeq: 4 }), before)).toBe(4);
  expect(readBeyond(summary(1, { mine: { deliveredSeq: 5, readSeq: 5 } }, { lastSeq: 5 }), before)).toBeUndefined();
});

test('a receipt of this user needs a new count only past the last count, and always for a mark', () => {
  const counted = { unread: 3, mine: { deliveredSeq: 5, readSeq: 2 } };
  const effect = (readSeq: number, more: Partial<ChatSummary> = {}, ...actions: ChatsAction[]) => {
    const item = after(all(summary(1, { ...counted, ...more }, { lastSeq: 5 })), ...actions).items[1];
    return item && receiptEffect(item, readSeq);
  };
  expect([effect(0), effect(2), effect(3), effect(5)]).toEqual(['nothing', 'nothing', 'recount', 'read']);
  expect(effect(4, { unread: 0 })).toBe('nothing');
  const marked = { markedUnread: true, unread: 0, mine: { deliveredSeq: 5, readSeq: 5 } };
  expect([effect(4, marked), effect(5, marked)]).toEqual(['nothing', 'recount']); // The server repeats the receipt after a mark.
  const readHere = { type: 'read', id: 1, seq: 4 } as const;
  expect([effect(3, {}, readHere), effect(4, {}, readHere)]).toEqual(['nothing', 'recount']);
  expect(effect(5, {}, { type: 'read', id: 1, seq: 5 })).toBe('nothing');
});

test('entries of another log count only after the chat has restarted', () => {
  const other = { type: 'entries', id: 1, log: 'log-2', entries: [said(1, 'bob', 'anew')] } as const;
  const start = all(summary(1, { unread: 3 }, { lastSeq: 5 }));
  expect(after(start, other).items[1]).toMatchObject({ unread: 3, lastSeq: 5 });
  expect(after(start, { type: 'restarted', id: 1, log: 'log-2' }, other).items[1]).toMatchObject({
    ...{ unread: 1, lastSeq: 1, log: 'log-2' },
  });
});

test('the preview follows edits and deletions of the last message only', () => {
  const state = after(all(summary(1)), entries(1, said(1, 'bob', 'one'), said(2, 'bob', 'tow')));
  const edited = chatsReducer(state, entries(1, about(3, 'bob', 'edit', 2, 'two'), about(4, 'bob', 'edit', 1, 'uno')));
  expect(edited.items[1]?.last?.text).toBe('two');
  expect(chatsReducer(edited, entries(1, about(5, 'bob', 'delete', 2))).items[1]?.last?.text).toBe('');
});

test('the state of all chats replaces the list; a removed chat is no longer a favourite', () => {
  const state = after(all(summary(1), summary(2)), { type: 'favourite', id: 2, isFavourite: true });
  expect(Object.keys(chatsReducer(state, all(summary(2), summary(3))).items)).toEqual(['2', '3']);
  const removed = chatsReducer(state, { type: 'removed', id: 2 });
  expect([Object.keys(removed.items), removed.favourites]).toEqual([['1'], []]);
});

test('the cached list is shown only until the list of the server arrives', () => {
  const listing = { items: after(all(summary(7))).items, favourites: [7], names: { bob: 'Bob' } };
  const cached = after({ type: 'cached', listing });
  expect([Object.keys(cached.items), cached.fresh, cached.names]).toEqual([['7'], false, { bob: 'Bob' }]);
  const fresh = after(all(summary(1)), { type: 'cached', listing });
  expect(Object.keys(fresh.items)).toEqual(['1']);
});

test('muted chats do not count in the title, except for mentions', () => {
  const [plain, muted, mentioned] = [
    summary(1, { unread: 3 }),
    summary(2, { unread: 9, notify: 'none' }),
    summary(3, { unread: 1, mentions: 1, notify: 'none' }),
  ];
  const { items } = after(all(plain, muted, mentioned, summary(4, { markedUnread: true })));
  expect(Object.values(items).map(needsAttention)).toEqual([true, false, true, true]);
  expect(unreadTotals({ items })).toEqual({ chats: 3, mentions: 1 });
});

test.each([
  [0, undefined, 'Parley'],
  [0, 'team', 'team · Parley'],
  [2, 'team', '(2) team · Parley'],
  [120, undefined, '(99+) Parley'],
])('the title for %i chats and %s is %s', (chats, open, title) => expect(pageTitle({ chats }, open)).toBe(title));

test('a direct chat has the name of the other user, and presence follows who comes and goes', () => {
  const peer = { id: 'bob', name: 'Bob', online: true } as ChatSummary['peer'];
  const state = after(all(summary(1, { peer }, { kind: ChannelKind.DIRECT, name: '' })));
  const [item] = Object.values(state.items);
  expect([item && titleOf(item), state.online.has('bob'), state.names.bob]).toEqual(['Bob', true, 'Bob']);
  const gone = chatsReducer(state, { type: 'presence', came: [], went: [{ id: 'bob', name: 'Bob' }] });
  expect(gone.online.has('bob')).toBe(false);
});

test.each([
  ['Design team', 'des', 3],
  ['Design team', 'TEA', 2],
  ['Café am Markt', 'cafe', 3],
  ['Design team', 'dtm', 1],
  ['Design team', 'xyz', 0],
] as const)('%s matches %s by %i', (title, query, score) => expect(matchScore(title, query)).toBe(score));

test('destinations are sorted by match, then by activity', () => {
  const one = (id: number, title: string, at: number) => ({ id, title, at, href: '', about: '' });
  const found = matchingDestinations([one(1, 'other beta', 9), one(2, 'beta', 1), one(3, 'beta two', 5)], 'be');
  expect(found.map(({ id }) => id)).toEqual([3, 2, 1]);
});

test('reads the place in the address, and writes it', () => {
  expect(placeOf(roomHref(7))).toEqual({ kind: 'room', channelId: 7, seq: undefined, isNone: false });
  expect(placeOf(chatHref(7, 120))).toEqual({ kind: 'chat', channelId: 7, seq: 120, isNone: false });
  for (const hash of ['', '#', '#rooms']) expect(placeOf(hash)).toMatchObject({ channelId: undefined, isNone: false });
  for (const hash of ['#chat-0', '#chat-99999999999', '#chat-7/0', '#chat-7/x', '#x'])
    expect(placeOf(hash)).toMatchObject({ channelId: undefined, isNone: true });
});

test('a message with files only is listed by the word for them, also if a tab of an earlier version sends it without', () => {
  const chats = after(all(summary(1), summary(2)), entries(1, { ...said(1, 'bob', ''), fileIds: ['f'] }));
  expect(chats.items[1]?.last?.text).toBe('1 file');
  expect(chatsReducer(chats, entries(2, withoutFiles(said(1, 'bob', 'hello')))).items[2]?.last?.text).toBe('hello');
});
