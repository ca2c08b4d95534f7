import { Channel, Kind, MemberChange, Message, User } from '@parley/contract/types';
import { JsonView } from '../src/cli/json-view.js';
import { TextView } from '../src/cli/text-view.js';
import { type ConversationEvent, entryEvent, textOf } from '../src/events.js';

const ann = User.fromPartial({ id: 'ann', name: 'ann' });
const bob = User.fromPartial({ id: 'bob', name: 'Bob \u001b[2JB' });
const cy = User.fromPartial({ id: 'cy', name: 'cy' });
const lobby = Channel.fromPartial({ id: 3, name: 'lobby', users: [bob, ann] });
const place = { log: 'l', seq: 0 };
const welcome: ConversationEvent = { type: 'welcome', channel: lobby, me: ann, place, now: 0 };

function shown(...events: ConversationEvent[]): string[] {
  const lines: string[] = [];
  const view = new TextView((line) => lines.push(line), '; /help says more');
  for (const event of events) view.event(event);
  return lines;
}

function entry(fields: Parameters<typeof Message.fromPartial>[0]): ConversationEvent {
  const facts = { sender: 'bob', seq: 8, timestamp: Date.now() };
  return entryEvent(Message.fromPartial({ ...facts, ...fields })) as ConversationEvent;
}

const hello = entry({ seq: 1, data: Buffer.from('hel\nlo') });

test('the welcome says where one is and who is here', () => {
  expect(shown(welcome)).toEqual(['* you are in lobby (channel 3); /help says more', '* here (2): Bob B (bob), ann']);
});

test('coming back says so, and what was missed', () => {
  expect(shown(welcome, welcome, hello, { type: 'live', missed: 1 }).slice(2)).toEqual([
    '* back in lobby (channel 3)',
    '* here (2): Bob B (bob), ann',
    expect.stringContaining('hel'),
    '* those were the 1 missed',
  ]);
  expect(shown({ type: 'live', missed: 0 })).toEqual([]);
  expect(shown({ type: 'reset', place })[0]).toContain('may have been missed');
  expect(shown({ type: 'gap', from: 3, to: 5, filled: false })).toEqual(['* missed for good: #3 to #5']);
  expect(shown({ type: 'gap', from: 3, to: 3, filled: true })).toEqual(['* missed, from history: #3']);
});

test('a message has its time, its number and a name that cannot be mistaken', () => {
  expect(shown(welcome, hello)[2]).toMatch(/^\d\d:\d\d:\d\d #1 Bob B \(bob\): hel ⏎ lo$/);
});

const about = { targetSeq: 7 };

test.each([
  ['a reply', { ...about, data: Buffer.from('yes') }, / #8 bob to #7: yes$/],
  ['an edit', { ...about, kind: Kind.EDIT, data: Buffer.from('a\u001b[2Jb') }, /^\* bob changed #7: ab$/],
  ['a deletion', { ...about, kind: Kind.DELETE }, /^\* bob deleted #7$/],
  ['a reaction', { ...about, kind: Kind.REACT, data: Buffer.from('👍') }, /^\* bob reacted to #7: 👍$/],
  ['one taken back', { ...about, kind: Kind.UNREACT, data: Buffer.from('👍') }, /^\* bob took back from #7: 👍$/],
  ['a pin', { ...about, kind: Kind.PIN }, /^\* bob pinned #7$/],
  ['a pin taken off', { ...about, kind: Kind.UNPIN }, /^\* bob unpinned #7$/],
  ['one that was edited', { data: Buffer.from('x'), editedAt: 5 }, /: x \(edited\)$/],
  ['one that was deleted', { deleted: true }, /: \(deleted\)$/],
  ['reactions to one', { data: Buffer.from('x'), reactions: [{ emoji: '👍', userIds: ['a', 'b'] }] }, /: x \[👍 2\]$/],
  [
    'reactions that are counted, and not all named',
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
    /^\* cy is a member now, by ann$/,
  ],
] as const)('%s', (_what, fields, line) => {
  expect(shown(entry(fields as Parameters<typeof entry>[0]))[0]).toMatch(line);
});

test('others come and go; one does not hear of oneself', () => {
  const lines = shown(
    welcome,
    { type: 'presence', came: [ann, cy], went: [], here: 3 },
    { type: 'presence', came: [], went: [cy], here: 2 },
    { type: 'presence', came: [], went: [ann], here: 1 },
  );
  expect(lines.slice(2)).toEqual(['* cy came', '* cy went']);
});

test('bytes that are no text are counted, not shown', () => {
  expect(textOf({ data: Buffer.from([0xff, 0xfe]), contentType: '' })).toBeUndefined();
  expect(textOf({ data: Buffer.from('grün'), contentType: '' })).toBe('grün');
  expect(shown(entry({ data: Buffer.from('x'), contentType: 'image/png' }))[0]).toMatch(/: \[1 bytes of image\/png\]$/);
});

test('programs get one value per event', () => {
  const values: unknown[] = [];
  const view = new JsonView((value) => values.push(value));
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
