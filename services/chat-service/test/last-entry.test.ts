import { ChangeMemberRequest, Channel, ChannelKind, ChannelService, Kind, MemberChange } from '@parley/contract';
import { type Chatter, callPatiently, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;
let id: number;
let unreachable: ServiceProcess;

const withinMs = 30_000;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  unreachable = await trio.addChatServer({ PARLEY_INTERNAL_ADDR: '127.0.0.1:1024' }); // nothing listens there
  [ann, bob] = [await trio.people.make('ann'), await trio.people.make('bob')];
  const manager = trio.manager();
  const channel = Channel.fromPartial({ name: 'group', kind: ChannelKind.GROUP });
  id = (await callPatiently(manager, ChannelService.create, channel, { token: ann.token, withinMs })).id;
});
afterAll(() => trio.stop());

function change(fields: Partial<ChangeMemberRequest>) {
  const manager = trio.manager();
  const request = ChangeMemberRequest.fromPartial({ channelId: id, userId: bob.id, ...fields });
  return callPatiently(manager, ChannelService.changeMember, request, { token: ann.token, withinMs });
}

function join(person: TestPerson): Promise<Chatter> {
  return trio.join(person, id);
}

test.each([
  ['learns of it at once', () => trio.chatServers[0] as ServiceProcess],
  ['cannot be notified', () => unreachable],
])(
  'a removed user sees the entry of the removal, and the goodbye names it, if the chat server %s',
  async (_, server) => {
    await trio.place(id, server());
    const a = await join(ann);
    for (let round = 0; round < 4; round++) {
      await change({ add: true });
      const b = await join(bob);
      a.send('between');
      await change({ remove: true });
      expect((await b.ended).reason).toBe('removed');
      const last = b.messages.findLast(({ seq }) => seq > 0);
      expect(last?.kind).toBe(Kind.MEMBER);
      expect(MemberChange.decode(last?.data ?? Buffer.alloc(0))).toMatchObject({ userId: bob.id, joined: false });
      expect(b.messages.at(-1)?.goodbye).toMatchObject({ reason: 'removed', listenAgain: false, seq: last?.seq });
    }
    await a.leave();
  },
);
