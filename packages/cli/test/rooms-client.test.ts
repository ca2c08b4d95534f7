import { fileURLToPath } from 'node:url';
import { Program, Trio, until } from '@parley/testkit';
import { isAnswer, readRoomsLine, roomFrameLine, roomsHelp } from '../src/rooms-lines.js';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));

test.each([
  ['/join 0', { send: { action: 'join', room: '0' } }],
  ['/join the big room', { send: { action: 'join', room: 'the big room' } }],
  ['/leave', { send: { action: 'leave' } }],
  ['/rooms', { send: { action: 'rooms' } }],
  ['/who 0', { send: { action: 'participants', room: '0' } }],
  ['/to 1 Hello there', { send: { action: 'private_message', user_id: '1', message: 'Hello there' } }],
  ['Hello!', { send: { action: 'room_message', message: 'Hello!' } }],
  ['  ', undefined],
  ['/quit', { quit: true }],
  ['/help', { explain: roomsHelp }],
  ['/join', { explain: `Name a room. ${roomsHelp}` }],
  ['/to 1', { explain: `Name a user and write a text. ${roomsHelp}` }],
  ['/dance', { explain: `There is no /dance. ${roomsHelp}` }],
])('the line %j', (line, asked) => {
  expect(readRoomsLine(line)).toEqual(asked);
});

test.each([
  [{ action: 'join', room: '0' }, false, 'You joined 0.', true],
  [{ action: 'join', user_id: '1', room: '0' }, false, '1 joined 0.', false],
  [{ action: 'leave', room: '0' }, false, 'You left 0.', true],
  [{ action: 'room_message', room: '0', message: 'a\u001b[2Jb\nc' }, false, '[0] you: ab ⏎ c', true],
  [{ action: 'room_message', user_id: '1', room: '0', message: 'hi' }, false, '[0] 1: hi', false],
  [{ action: 'private_message', user_id: '1', message: 'hi' }, false, '(private) 1: hi', false],
  [{ action: 'private_message', user_id: '1', message: 'hi' }, true, '(to 1) you: hi', true],
  [{ action: 'rooms', rooms: ['0', '1'] }, false, 'Rooms: 0, 1', true],
  [{ action: 'rooms' }, false, 'Rooms: none', true],
  [{ action: 'participants', room: '0', participants: ['0'] }, false, 'In 0: 0', true],
  [{ action: 'error', message: 'user was not in a room' }, false, '! user was not in a room', true],
])('the frame %j', (frame, isOwnEcho, line, answers) => {
  expect([roomFrameLine(frame, isOwnEcho), isAnswer(frame, isOwnEcho)]).toEqual([line, answers]);
});

test('two people without an account talk, and a pipe gets an answer for each line', async () => {
  const trio = await Trio.start();
  const gateway = await trio.startGateway({ PARLEY_GUESTS: 'on' });
  const start = (...more: string[]) =>
    new Program(process.execPath, [parley, 'rooms-client', '--gateway', gateway.http, ...more]);
  const [zero, one] = [start(), start()];
  try {
    await until(() => [zero, one].every(({ said }) => said.includes(roomsHelp)));
    zero.type('/join lobby');
    await until(() => zero.said.includes('You joined lobby.'));
    one.type('/join lobby');
    await until(() => /\d joined lobby\./.test(zero.said));
    one.type('Hello!');
    await until(() => /\[lobby\] \d: Hello!/.test(zero.said) && one.said.includes('[lobby] you: Hello!'));
    const [, id = ''] = /You are user (\d)/.exec(one.said) ?? [];
    zero.type(`/to ${id} psst`);
    await until(() => /\(private\) \d: psst/.test(one.said) && zero.said.includes(`(to ${id}) you: psst`));
    for (const program of [zero, one]) program.type('/quit');
    expect([await zero.end(), await one.end()]).toEqual([0, 0]);
    const piped = start('--json');
    piped.child.stdin?.end('/rooms\n/leave\n');
    expect(await piped.end()).toBe(0);
    const actions = piped.said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).action);
    expect(actions).toEqual(['connection', 'rooms', 'error']);
  } finally {
    await trio.stop();
  }
});
