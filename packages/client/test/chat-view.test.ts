import { Message, Resume } from '@parley/contract';
import { JsonView, TextView, textOf } from '../src/cli/chat-view.js';

type Fields = Parameters<typeof Message.fromPartial>[0];

function shown(...frames: Fields[]): string[] {
  const lines: string[] = [];
  const view = new TextView((line) => lines.push(line));
  for (const fields of frames) view.frame(Message.fromPartial(fields));
  return lines;
}

const ann = { id: 'ann', name: 'ann' };
const bob = { id: 'bob', name: 'Bob \u001b[2JB' };
const welcome = { channel: { id: 3, name: 'lobby', users: [bob, ann] }, me: ann };
const hello = { sender: 'bob', seq: 1, timestamp: Date.now(), data: Buffer.from('hel\nlo') };

test('the welcome says where one is and who is here', () => {
  expect(shown({ welcome })).toEqual(['* you are in lobby (channel 3); /quit leaves', '* here (2): Bob B (bob), ann']);
});

test('coming back says so, and whether something may be missing', () => {
  const lines = shown({ welcome }, { welcome: { ...welcome, resume: Resume.WHOLE } });
  expect(lines[2]).toBe('* back in lobby (channel 3)');
  expect(shown({ welcome }, { welcome: { ...welcome, resume: Resume.GAP } })[2]).toContain('missed');
});

test('a message has its time and a name that cannot be mistaken', () => {
  const [, , line] = shown({ welcome }, hello);
  expect(line).toMatch(/^\d\d:\d\d:\d\d Bob B \(bob\): hel ⏎ lo$/);
});

test('others come and go; one does not hear of oneself', () => {
  const cy = { id: 'cy', name: 'cy' };
  const lines = shown(
    { welcome },
    { presence: { came: [ann, cy], here: 3 } },
    { presence: { went: [cy], here: 2 } },
    { presence: { went: [ann], here: 1 } },
  );
  expect(lines.slice(2)).toEqual(['* cy came', '* cy went']);
});

test('bytes that are no text are counted, not shown', () => {
  expect(textOf({ data: Buffer.from([0xff, 0xfe]), contentType: '' })).toBe('[2 bytes]');
  expect(textOf({ data: Buffer.from('x'), contentType: 'image/png' })).toBe('[1 bytes of image/png]');
  expect(textOf({ data: Buffer.from('grün'), contentType: '' })).toBe('grün');
});

test('programs get one value per event', () => {
  const values: unknown[] = [];
  const view = new JsonView((value) => values.push(value));
  view.frame(Message.fromPartial(hello));
  view.reconnecting('draining', 500);
  expect(values).toEqual([
    expect.objectContaining({ event: 'message', seq: 1, sender: 'bob', text: 'hel\nlo' }),
    { event: 'reconnecting', why: 'draining', in_ms: 500 },
  ]);
});
