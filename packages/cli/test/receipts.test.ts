import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/client/testing';
import type { TestPerson } from '@parley/testkit';
import { CommandRig } from './command-rig.js';

let rig: CommandRig;

beforeAll(async () => {
  rig = await CommandRig.open();
});
afterEach(() => rig.commands.killAll());
afterAll(() => rig.close());

const three = (prefix: string) => rig.three(prefix);
const run = (person: TestPerson, line: string) => rig.process.run(person, ...line.split(' '));
const json = (person: TestPerson, line: string) => rig.process.json(person, ...line.split(' '));
const hasScript = spawnSync('script', ['--version']).status === 0;

test('a chat is marked as read and unread, and receipts say who has read a message', async () => {
  const [ann, bob, cy] = await three('mark');
  await run(ann, 'create crew --kind group');
  for (const { id } of [bob, cy]) await run(ann, `members crew ${id} --add`);
  const { id } = await rig.client(ann).chats.direct(bob.id);
  const direct = await rig.client(ann).listen(id);
  const crew = await rig.client(ann).listen(((await json(bob, 'chats')) as { id: number }[])[1]?.id ?? 0);
  const { seq } = await crew.send('hello');
  await direct.send('hi');
  const states = async () => (await rig.process.json(ann, 'receipts', 'crew', `#${seq}`)) as object[];
  expect(await states()).toEqual([
    { user_id: 'mark-2', state: 'sent' },
    { user_id: 'mark-3', state: 'sent' },
  ]);
  expect((await run(bob, 'mark crew read')).said).toBe('crew is marked as read.\n');
  expect((await states())[0]).toEqual({ user_id: 'mark-2', state: 'read' });
  expect((await run(ann, `receipts crew ${seq}`)).said).toMatch(/^id +message\nmark-2 +read\nmark-3 +sent\n$/);
  await run(cy, 'profile --private-reads on');
  await run(cy, 'mark crew read');
  expect(await states()).toEqual([{ user_id: 'mark-2', state: 'read' }]);
  expect((await run(bob, `mark ${id} unread`)).said).toBe('@mark-1 is marked as unread.\n');
  await run(bob, `mark crew unread`);
  const unread = async () => ((await json(bob, 'chats')) as object[]).map((chat) => ({ ...chat, last: undefined }));
  expect(await unread()).toMatchObject([
    { unread: 1, marked_unread: true },
    { unread: 0, marked_unread: true },
  ]);
  for (const chat of ['crew', String(id)]) await run(bob, `mark ${chat} read`);
  expect(await unread()).toMatchObject([
    { unread: 0, marked_unread: false },
    { unread: 0, marked_unread: false },
  ]);
  expect((await run(bob, 'mark crew seen')).code).toBe(2);
  expect((await run(ann, 'receipts crew 99')).code).toBe(1);
  expect((await run(ann, 'receipts crew last')).code).toBe(2);
  await Promise.all([crew.leave(), direct.leave()]);
});

(hasScript ? test : test.skip)('on a terminal, chat shows what is new, who types and who has read', async () => {
  const [ann, bob] = await three('visit');
  await run(ann, 'create club --kind group');
  await run(ann, 'members club visit-2 --add');
  const [mine] = (await json(ann, 'chats')) as [{ id: number }];
  const friend = await rig.client(bob).listen(mine.id);
  await friend.send('before');
  const enter = async () => {
    const chat = await rig.commands.onTerminal(ann, '--user-service', rig.users, 'chat', 'club');
    await chat.says('here (2)');
    return chat;
  };
  const first = await enter();
  expect(first.said).toMatch(/\* new since your last visit:\r?\n.* visit-2: before/);
  await until(async () => ((await json(ann, 'chats')) as [{ unread: number }])[0].unread === 0 || pause(500, false));
  first.type('/quit');
  expect(await first.exited).toBe(0);
  await friend.send('meanwhile');
  const second = await enter();
  expect(second.said).toMatch(/visit-2: before.*\r?\n.*\* new since your last visit:\r?\n.* visit-2: meanwhile/);
  await until(() => {
    friend.typing(); // It may be lost.
    return second.said.includes('* visit-2 is typing') || pause(500, false);
  });
  let typed = 0;
  void (async () => {
    for await (const event of friend) typed += event.type === 'typing' ? 1 : 0;
  })();
  second.type('answer');
  await second.says('visit-1: answer');
  await until(() => typed > 0);
  friend.markRead();
  await second.says('read by visit-2');
  second.type('/quit');
  expect(await second.exited).toBe(0);
  const { chats } = rig.client(ann);
  const { log, last } = await chats.get(mine.id);
  await chats.markUnread(mine.id, true, { read: { log, seq: last?.seq ?? 0 } });
  const third = await enter();
  await third.says('read by visit-2');
  await until(async () => !(await chats.get(mine.id)).markedUnread || pause(500, false)); // Reading again removes it.
  expect(third.said).not.toContain('new since');
  third.type('look, @visit-2');
  await third.says('visit-1: look, @visit-2');
  third.type('@visit-2, where is @nobody-here?');
  await third.says('! sent without mentions: someone whom you named with @ is not in this channel');
  expect(await json(bob, 'chats')).toMatchObject([{ unread: 2, mentions: 1 }]);
  third.type('/quit');
  await third.exited;
  await friend.leave();
});

(hasScript ? test : test.skip)(
  'on a terminal, chat shows receipts that it missed, and none of a private reader',
  async () => {
    const [ann, bob, cy] = await three('seen');
    await run(ann, 'create desk --kind group');
    for (const { id } of [bob, cy]) await run(ann, `members desk ${id} --add`);
    await run(cy, 'profile --private-reads on');
    const [{ id }] = (await json(ann, 'chats')) as [{ id: number }];
    const chat = await rig.commands.onTerminal(ann, '--user-service', rig.users, 'chat', 'desk');
    await chat.says('here (1)');
    chat.type('who reads this?');
    await chat.says('seen-1: who reads this?');
    rig.trio.chatServers[0]?.kill('SIGKILL');
    await chat.says('reconnecting');
    await run(cy, 'mark desk read');
    await run(bob, 'mark desk read');
    await rig.trio.addChatServer();
    await chat.says('back in desk');
    await chat.says('read by seen-2');
    const reader = await rig.client(cy).listen(id);
    await chat.says('seen-3 joined');
    reader.markRead();
    const other = await rig.client(bob).listen(id);
    const { seq } = await other.send('and this?');
    await chat.says('seen-2: and this?');
    reader.markRead(seq);
    await reader.leave();
    await chat.says('seen-3 left');
    chat.type('/commands');
    await chat.says('The bots of this chat have no commands.');
    chat.type('/quit');
    expect(await chat.exited).toBe(0);
    expect(chat.said).not.toContain('read by seen-3');
    await other.leave();
  },
);
