import { type ConversationEvent, type EntryEvent, textOf } from '@parley/client';
import { entryEvent } from '@parley/client/testing';
import { Channel, Kind, MemberChange, Message, User } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { JsonView } from '../src/json-view.js';
import { UserNames } from '../src/names.js';
import { TextView } from '../src/text-view.js';

const ann = User.fromPartial({ id: 'ann', name: 'ann' });
const bob = User.fromPartial({ id: 'bob', name: 'Bob \u001b[2JB' });
const cy = User.fromPartial({ id: 'cy', name: 'cy' });
const lobby = Channel.fromPartial({ id: 3, name: 'lobby', users: [bob, ann] });
const place = { log: 'l', seq: 0 };
const welcome: ConversationEvent = { type: 'welcome', channel: lobby, me: ann, place, now: 0, here: 2 };

/** Returns user names that cannot be fetched. */
const noNames = () => new UserNames(() => Promise.reject(refuse('user-not-found')));

async function shown(...events: ConversationEvent[]): Promise<string[]> {
  const lines: string[] = [];
  const names = noNames();
  const view = new TextView((line) => lines.push(line), names, 'ann', '; /help says more');
  for (const event of events) {
    await names.learn([event]);
    view.event(event);
  }
  return lines;
}

function entry(fields: Parameters<typeof Message.fromPartial>[0]): ConversationEvent {
  const facts = { sender: 'bob', seq: 8, timestamp: Date.now() };
  return entryEvent(Message.fromPartial({ ...facts, ...fields })) as ConversationEvent;
}

const hello = entry({ seq: 1, data: Buffer.from('hel\nlo') });

test('the welcome names the channel and the people in it', async () => {
  expect(await shown(welcome)).toEqual([
    '* you are in lobby (channel 3); /help says more',
    '* here (2): Bob B (bob), ann',
  ]);
});

test('a direct chat, which has no name, is called the direct chat', async () => {
  const direct = Channel.fromPartial({ id: 8 });
  const [first] = await shown({ ...welcome, channel: direct });
  expect(first).toBe('* you are in the direct chat (channel 8); /help says more');
});

test('the welcome of a large channel shows the user count that the server sends', async () => {
  expect((await shown({ ...welcome, here: 121 }))[1]).toBe('* here (121): Bob B (bob), ann');
});

test('reports a reconnect and missed messages', async () => {
  expect((await shown(welcome, welcome, hello, { type: 'live', missed: 1 })).slice(2)).toEqual([
    '* back in lobby (channel 3)',
    '* here (2): Bob B (bob), ann',
    expect.stringContaining('hel'),
    '* you missed the message above',
  ]);
  expect(await shown({ type: 'live', missed: 0 })).toEqual([]);
  expect((await shown({ type: 'reset', place }))[0]).toContain('some messages may be missing');
  expect(await shown({ type: 'gap', from: 3, to: 5, filled: false })).toEqual(['* missing: #3 to #5']);
  expect(await shown({ type: 'gap', from: 3, to: 3, filled: true })).toEqual(['* from the history: #3']);
});

test('shows a message with its time, seq and an unambiguous name', async () => {
  expect((await shown(welcome, hello))[2]).toMatch(/^\d\d:\d\d:\d\d #1 Bob B \(bob\): hel ⏎ lo$/);
});

const about = { targetSeq: 7 };

test.each([
  ['a reply', { ...about, data: Buffer.from('yes') }, / #8 bob to #7: yes$/],
  ['an edit', { ...about, kind: Kind.EDIT, data: Buffer.from('a\u001b[2Jb') }, /^\* bob edited #7: ab$/],
  ['a deletion', { ...about, kind: Kind.DELETE }, /^\* bob deleted #7$/],
  ['a reaction', { ...about, kind: Kind.REACT, data: Buffer.from('👍') }, /^\* bob reacted to #7: 👍$/],
  [
    'a removed reaction',
    { ...about, kind: Kind.UNREACT, data: Buffer.from('👍') },
    /^\* bob removed a reaction from #7: 👍$/,
  ],
  ['a pin', { ...about, kind: Kind.PIN }, /^\* bob pinned #7$/],
  ['an unpin', { ...about, kind: Kind.UNPIN }, /^\* bob unpinned #7$/],
  ['an edited message', { data: Buffer.from('x'), editedAt: 5 }, /: x \(edited\)$/],
  ['a deleted message', { deleted: true }, /: \(deleted\)$/],
  [
    'reactions to a message',
    { data: Buffer.from('x'), reactions: [{ emoji: '👍', userIds: ['a', 'b'] }] },
    /: x \[👍 2\]$/,
  ],
  [
    'reactions that name only some users',
    { data: Buffer.from('x'), reactions: [{ emoji: '👍', userIds: ['a'], count: 40, mine: true }] },
    /: x \[👍 40\]$/,
  ],
  [
    'a new member',
    {
      kind: Kind.MEMBER,
      data: Buffer.from(
        MemberChange.encode(MemberChange.fromPartial({ userId: 'cy', joined: true, by: 'ann' })).finish(),
      ),
    },
    /^\* cy is now a member, by ann$/,
  ],
  [
    'several new members',
    {
      kind: Kind.MEMBER,
      data: Buffer.from(
        MemberChange.encode(
          MemberChange.fromPartial({ userId: 'cy', moreUserIds: ['di', 'ed'], joined: true, by: 'ann' }),
        ).finish(),
      ),
    },
    /^\* cy, di and ed are now members, by ann$/,
  ],
  [
    'many new members',
    {
      kind: Kind.MEMBER,
      data: Buffer.from(
        MemberChange.encode(
          MemberChange.fromPartial({ userId: 'a', moreUserIds: ['b', 'c', 'd', 'e', 'f'], joined: true, by: 'ann' }),
        ).finish(),
      ),
    },
    /^\* a, b, c, d and 2 others are now members, by ann$/,
  ],
  [
    'a new role',
    {
      kind: Kind.MEMBER,
      data: Buffer.from(
        MemberChange.encode(MemberChange.fromPartial({ userId: 'cy', joined: true, role: 2, by: 'ann' })).finish(),
      ),
    },
    /^\* cy is now an admin, by ann$/,
  ],
] as const)('shows %s', async (_what, fields, line) => {
  expect((await shown(entry(fields as Parameters<typeof entry>[0])))[0]).toMatch(line);
});

test('reports who joins and leaves, except this user', async () => {
  const lines = await shown(
    welcome,
    { type: 'presence', came: [ann, cy], went: [], here: 3 },
    { type: 'presence', came: [], went: [cy], here: 2 },
    { type: 'presence', came: [], went: [ann], here: 1 },
  );
  expect(lines.slice(2)).toEqual(['* cy joined', '* cy left']);
});

test('shows the size of data that is not text', async () => {
  expect(textOf({ data: Buffer.from([0xff, 0xfe]), contentType: '' })).toBeUndefined();
  expect(textOf({ data: Buffer.from('grün'), contentType: '' })).toBe('grün');
  expect((await shown(entry({ data: Buffer.from('x'), contentType: 'image/png' })))[0]).toMatch(
    /: \[1 bytes of image\/png\]$/,
  );
});

test('JSON output has one value per event', () => {
  const values: unknown[] = [];
  const view = new JsonView((value) => values.push(value), noNames());
  view.event(hello);
  view.event(entry({ ...about, kind: Kind.REACT, data: Buffer.from('👍') }));
  view.event(entry({ data: Buffer.from([0xff]) }));
  view.event({ type: 'reconnecting', reason: 'draining', message: 'it stops', inMs: 500 });
  view.event({ type: 'gap', from: 1, to: 2, filled: false });
  view.event({ type: 'held', clientId: 'c', reason: 'slow-mode', message: 'wait', inMs: 9 });
  view.event(entry({ reactions: [{ emoji: '👍', userIds: ['a'], count: 40, mine: true }] }));
  expect(values).toEqual([
    expect.objectContaining({ event: 'message', seq: 1, sender: 'bob', text: 'hel\nlo' }),
    expect.objectContaining({ event: 'react', seq: 8, target: 7, emoji: '👍' }),
    expect.objectContaining({ event: 'message', data: '/w==' }),
    { event: 'reconnecting', reason: 'draining', message: 'it stops', in_ms: 500 },
    { event: 'gap', from: 1, to: 2, filled: false },
    { event: 'held', client_id: 'c', reason: 'slow-mode', message: 'wait', in_ms: 9 },
    expect.objectContaining({ reactions: [{ emoji: '👍', count: 40, user_ids: ['a'], mine: true }] }),
  ]);
});

const by = (sender: string, fields: Parameters<typeof entry>[0]) => entry({ targetSeq: 2, ...fields, sender });
const like = Buffer.from('👍');

test('does not announce a repeated reaction, pin or deletion', async () => {
  const twice = [
    by('ann', { kind: Kind.REACT, data: like }),
    by('bob', { kind: Kind.REACT, data: like }),
    by('ann', { kind: Kind.UNREACT, data: like }),
    by('ann', { kind: Kind.PIN }),
    by('ann', { kind: Kind.UNPIN }),
    by('ann', { kind: Kind.DELETE }),
  ].flatMap((event) => [event, event]);
  expect(await shown(...twice)).toHaveLength(6);
  expect(await shown(...twice.slice(0, 6), ...twice.slice(0, 2))).toHaveLength(4);
  expect(await shown(...twice, { type: 'reset', place }, ...twice)).toHaveLength(13);
});

test('shows earlier messages with dates, and does not announce what they already show', () => {
  const lines: string[] = [];
  const view = new TextView((line) => lines.push(line), noNames(), 'ann');
  const at = { sender: 'bob', timestamp: new Date(2026, 1, 3, 4, 5, 6).getTime() };
  const reactions = [{ emoji: '👍', userIds: ['ann'], count: 1, mine: false }];
  const messages = [
    { ...at, seq: 2, data: Buffer.from('x'), reactions },
    { ...at, seq: 3, deleted: true },
  ];
  view.earlier(messages.map((fields) => entryEvent(Message.fromPartial(fields)) as EntryEvent));
  view.event(by('ann', { kind: Kind.REACT, data: like }));
  view.event(by('ann', { kind: Kind.DELETE, targetSeq: 3 }));
  expect(lines).toEqual(['2026-02-03 04:05:06 #2 bob: x [👍 1]', '2026-02-03 04:05:06 #3 bob: (deleted)']);
});

test("shows each spell of typing once, and who has read the user's last message", async () => {
  const typing = (userId: string, stopped = false) => ({ type: 'typing', userId, stopped }) as const;
  const read = (userId: string, readSeq: number) => ({ type: 'receipt', userId, deliveredSeq: 9, readSeq }) as const;
  const own = { ...entry({ seq: 4, data: Buffer.from('mine') }), sender: 'ann' } as ConversationEvent;
  const lines = await shown(welcome, typing('bob'), typing('bob'), typing('ann'), hello, typing('bob'));
  expect(lines.filter((line) => line.includes('typing'))).toHaveLength(2);
  expect((await shown(welcome, typing('bob'), typing('bob', true), typing('bob'))).slice(2)).toHaveLength(2);
  const receipts = [read('bob', 3), read('bob', 4), read('bob', 5), read('ann', 4), read('cy', 4)];
  expect((await shown(welcome, own, ...receipts)).slice(3)).toEqual([
    '* #4 read by Bob B (bob)',
    '* #4 read by Bob B (bob), cy',
  ]);
});

test('marks the place where the new messages begin', () => {
  const lines: string[] = [];
  const view = new TextView((line) => lines.push(line), noNames(), 'ann');
  const messages = [1, 2, 3].map((seq) => entry({ seq, data: Buffer.from(`m${seq}`) }) as EntryEvent);
  view.earlier(messages, messages[1]);
  expect(lines.map((line) => line.replace(/^\S+ \S+ #/, '#'))).toEqual([
    '#1 bob: m1',
    '* new since your last visit:',
    '#2 bob: m2',
    '#3 bob: m3',
  ]);
});

test('reports refusals, the duration of a mute, and held messages', () => {
  const lines: string[] = [];
  const view = new TextView((line) => lines.push(line), noNames(), 'ann');
  view.refused(refuse('message-not-found', { message: 'no\u001b[2Jne' }), 'not deleted');
  view.refused(refuse('muted', { message: 'muted', retryAfterMs: 3 * 86_400_000 }), 'not sent');
  view.event({ type: 'held', clientId: 'c', reason: 'slow-mode', message: 'slow', inMs: 40_000 });
  expect(lines).toEqual([
    '! not deleted: none',
    '! not sent: muted (for 3 days)',
    '* your message is held for up to 40 s: slow',
  ]);
});
