import { setTimeout as pause } from 'node:timers/promises';
import { ServiceProcess, Trio } from '@parley/testkit';
import type { Conversation, ParleyClient } from '../src/index.js';
import { clientOf, Listener, until } from './rig.js';

let trio: Trio;
let clients: ParleyClient[] = [];
let conversations: Conversation[] = [];
let listeners: Listener[] = [];

beforeEach(async () => {
  trio = await Trio.start({ managers: 2, chatServers: 2, restartable: true });
  const people = await trio.people.makeMany('p', 2);
  clients = people.map((person, n) => clientOf(trio, person, undefined, n));
  const channel = await (clients[0] as ParleyClient).create({ name: 'room', limit: 5 });
  conversations = await Promise.all(clients.map((client) => client.listen(channel.id)));
  listeners = conversations.map((one) => new Listener(one));
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await trio.stop();
});

/** Sends until stopped. Resolves with the number of answered sends. */
function talk(conversation: Conversation, name: string) {
  let going = true;
  const talking = (async () => {
    const seqs: number[] = [];
    for (let n = 0; going; n++) {
      seqs.push((await conversation.send(`${name}-${n}`)).seq);
      await pause(5);
    }
    return seqs;
  })();
  const stop = () => {
    going = false;
    return talking;
  };
  return { stop };
}

/** Returns the entries by log, and checks that seqs have no unreported hole. */
function checkSeen({ events }: Listener): void {
  let last: number | undefined;
  for (const event of events) {
    if (event.type === 'reset') last = event.place.seq;
    else if (event.type === 'gap') last = event.to;
    else if (event.type === 'message') {
      expect(event.seq).toBe((last ?? event.seq - 1) + 1);
      last = event.seq;
    }
  }
}

/** Returns the servers that own the channel. */
async function owners(): Promise<string[]> {
  const sql = 'SELECT s.addr FROM chat.channel_head h JOIN chat.server s ON s.instance_id = h.instance_id';
  return (await trio.people.sql(sql)).map(({ addr }) => String(addr));
}

test('kill -9 of the chat server: both clients see a reset, then the same entries, and every send is answered', async () => {
  const talks = conversations.map((one, n) => talk(one, `t${n}`));
  await until(() => listeners.every(({ texts }) => texts.length > 50));
  const [owner] = await owners();
  trio.chatServers.find(({ grpc }) => grpc === owner)?.kill('SIGKILL');
  await until(() => listeners.every((one) => one.of('reset').length === 1));
  const after = listeners.map(({ texts }) => texts.length);
  await until(() => listeners.every(({ texts }, n) => texts.length > (after[n] ?? 0) + 50));
  const answered = await Promise.all(talks.map(({ stop }) => stop()));
  expect(answered.every((seqs) => seqs.every((seq) => seq > 0))).toBe(true);
  for (const one of listeners) {
    checkSeen(one);
    expect(one.of('reconnecting').length).toBeGreaterThan(0);
    expect(one.of('welcome')).toHaveLength(2);
  }
  const last = Math.max(...answered.map((seqs) => seqs.at(-1) ?? 0));
  await until(() => listeners.every((one) => one.of('message').at(-1)?.seq === last));
  const tails = listeners.map(({ texts }) => texts.slice(-50));
  expect(tails[0]).toEqual(tails[1]);
});

test('a chat server that shuts down sends a goodbye, and another takes over', async () => {
  const talks = conversations.map((one, n) => talk(one, `t${n}`));
  await until(() => listeners.every(({ texts }) => texts.length > 20));
  const [owner] = await owners();
  trio.chatServers.find(({ grpc }) => grpc === owner)?.kill('SIGTERM');
  await until(() => listeners.every((one) => one.of('live').length === 2));
  await Promise.all(talks.map(({ stop }) => stop()));
  for (const one of listeners) {
    checkSeen(one);
    expect(['moved', 'draining']).toContain(one.of('reconnecting')[0]?.reason);
  }
});

test('a conversation continues without managers, and new clients join once one is back', async () => {
  const [{ grpc }] = trio.managers as [ServiceProcess];
  for (const manager of trio.managers) manager.kill('SIGKILL');
  const [ann] = conversations as [Conversation];
  expect(await ann.send('still here')).toMatchObject({ seq: 1 });
  const again = (clients[0] as ParleyClient).listen(ann.channel.id);
  await expect(Promise.race([again, pause(2_000, 'it waits')])).resolves.toBe('it waits');
  expect(listeners.every((one) => one.of('reconnecting').length === 0)).toBe(true);
  const back = await ServiceProcess.start('channel-service', {
    PARLEY_DATABASE_URL: trio.database.urlFor('chat_manager'),
    PARLEY_PORT: grpc.split(':')[1] as string,
  });
  expect((await (await again).send('again')).seq).toBe(2);
  await back.stop();
});
