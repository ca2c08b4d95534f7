import { setTimeout as pause } from 'node:timers/promises';
import { Trio } from '@parley/testkit';
import { type Conversation, createClient, type ParleyClient } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { clientOf, Listener, until } from './rig.js';

describe('a channel that stores everything', () => {
  let trio: Trio;
  let id = 0;
  let clients: ParleyClient[] = [];
  let conversations: Conversation[] = [];
  let listeners: Listener[] = [];

  beforeEach(async () => {
    trio = await Trio.start({ chatServers: 2 });
    const people = await trio.people.makeMany('p', 2);
    clients = people.map((person) => clientOf(trio, person));
    ({ id } = await (clients[0] as ParleyClient).create({ name: 'room', limit: 5 }));
    await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
    conversations = await Promise.all(clients.map((client) => client.listen(id)));
    listeners = conversations.map((one) => new Listener(one));
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await trio.stop();
  });

  async function killOwner(): Promise<void> {
    (await trio.ownerOf(id))?.kill('SIGKILL');
  }

  function allOf(texts: number): Promise<void> {
    return until(() => listeners.every((one) => one.of('message').length === texts));
  }

  test('keeps every acked message once and in order, without a reset, after kill -9 of its server', async () => {
    const sends: Promise<{ seq: number }>[] = [];
    for (let n = 0; n < 300; n++) {
      if (n === 100) await killOwner();
      for (const [p, one] of conversations.entries()) sends.push(one.send(`p${p}-${n}`));
      await pause(5);
    }
    const seqs = (await Promise.all(sends)).map(({ seq }) => seq);
    expect(seqs.toSorted((a, b) => a - b)).toEqual(seqs.map((_, n) => n + 1));
    await allOf(600);
    for (const one of listeners) {
      expect(one.of('message').map(({ seq }) => seq)).toEqual(seqs.map((_, n) => n + 1));
      expect([...one.of('reset'), ...one.of('gap')]).toEqual([]);
    }
    expect(listeners[0]?.texts).toEqual(listeners[1]?.texts);
    expect(new Set(listeners[0]?.texts).size).toBe(600);
  });

  test('resumes from a stored position, on another server too', async () => {
    const [ann, bob] = conversations as [Conversation, Conversation];
    await ann.send('before');
    await until(() => bob.place?.seq === 1);
    const after = bob.place;
    await bob.leave();
    for (let n = 0; n < 20; n++) await ann.send(`while away ${n}`);
    await killOwner();
    const { token } = clients[1] as ParleyClient;
    const addresses = { userService: '127.0.0.1:1', channelService: trio.managers[0]?.grpc ?? '' };
    const again = createClient({ transport: grpcTransport(addresses), ...(token !== undefined && { token }) });
    const back = await again.listen(ann.channel.id, after === undefined ? {} : { after });
    const listener = new Listener(back);
    await until(() => listener.of('live').length === 1);
    expect(listener.of('message').map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 2));
    expect(listener.of('live')).toEqual([{ type: 'live', missed: 20 }]);
    await again.close();
  });

  test('gives every change a seq, and delivers changes made while the client was away', async () => {
    const [ann] = conversations as [Conversation];
    const { seq } = await ann.send('first');
    await ann.edit(seq, 'second');
    await ann.react(seq, '👍');
    await ann.pin(seq);
    await ann.remove(seq);
    await until(() => listeners.every((one) => one.of('delete').length === 1));
    for (const one of listeners) {
      const told = one.events.filter((event) => 'seq' in event).map(({ type }) => type);
      expect(told).toEqual(['message', 'edit', 'react', 'pin', 'delete']);
    }
    const page = await (clients[0] as ParleyClient).history(ann.channel.id, { size: 10 });
    expect(page.entries.find((entry) => entry.seq === seq)).toMatchObject({ type: 'message', deleted: true });
  });
});
