import { status } from '@grpc/grpc-js';
import { Chatter, Trio } from '@parley/testkit';

describe('SIGTERM of a chat server with 100 open streams', () => {
  let trio: Trio;
  beforeAll(async () => {
    trio = await Trio.start({ chatServers: 1 });
  });
  afterAll(() => trio.stop());

  test('SIGTERM sends every stream a goodbye, ends the process and leaves channels that can be placed at once', async () => {
    const people = await trio.people.makeMany('p', 100);
    const streams: Chatter[] = [];
    const rooms: number[] = [];
    for (let n = 0; n < 4; n++) {
      const inside = people.slice(n * 25, n * 25 + 25);
      const [owner] = inside;
      if (owner === undefined) throw new Error('nobody');
      const { id } = await trio.create(owner, `room ${n}`);
      rooms.push(id);
      for (const person of inside) streams.push(new Chatter(await trio.listen(person, id), { events: true }));
    }
    await Promise.all(streams.map((stream) => stream.find(({ welcome }) => welcome !== undefined)));
    const late = await trio.people.make('late');
    const stale = await trio.listen(late, (await trio.create(late, 'late')).id);
    const [server] = trio.chatServers.splice(0);
    server?.kill('SIGTERM');
    const endings = await Promise.all(streams.map((stream) => stream.ended));
    expect(await server?.exited).toBe(0);
    for (const ending of endings) expect(ending).toMatchObject({ code: status.UNAVAILABLE, reason: 'draining' });
    for (const stream of streams) {
      const goodbye = stream.messages.at(-1)?.goodbye;
      expect(goodbye).toMatchObject({ reason: 'draining', listenAgain: true });
    }
    expect(await trio.people.sql('SELECT FROM chat.seat WHERE live')).toEqual([]);
    expect(await trio.people.sql('SELECT FROM chat.channel_head WHERE instance_id IS NOT NULL')).toEqual([]);
    const next = await trio.addChatServer();
    expect(await new Chatter(stale, { address: next.grpc }).ended).toMatchObject({
      code: status.ABORTED,
      reason: 'moved',
    });
    const [again] = people;
    if (again === undefined) throw new Error('nobody');
    expect((await trio.listen(again, rooms[0] ?? 0)).server?.addr).toBe(next.grpc);
  });
});
