import { ChangeMemberRequest, Channel, ChannelKind, ChannelService, Kind, MemberChange } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { Chatter, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;
let id: number;

const withinMs = 10_000;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  [ann, bob] = [await trio.people.make('ann'), await trio.people.make('bob')];
  const manager = trio.manager();
  const channel = Channel.fromPartial({ name: 'group', kind: ChannelKind.GROUP });
  id = (await callUnary(manager, ChannelService.create, channel, { token: ann.token, withinMs })).id;
});
afterAll(() => trio.stop());

function change(fields: Partial<ChangeMemberRequest>) {
  const manager = trio.manager();
  const request = ChangeMemberRequest.fromPartial({ channelId: id, userId: bob.id, ...fields });
  return callUnary(manager, ChannelService.changeMember, request, { token: ann.token, withinMs });
}

async function join(person: TestPerson): Promise<Chatter> {
  const stream = new Chatter(await trio.listen(person, id), { events: true });
  await stream.find(({ welcome }) => welcome !== undefined);
  return stream;
}

/** Removes the user as a manager does, without calling the chat server. */
async function removeSilently(): Promise<void> {
  const gone = Buffer.from(MemberChange.encode(MemberChange.fromPartial({ userId: bob.id, by: ann.id })).finish());
  await trio.people.sql(
    `WITH head AS (UPDATE chat.channel_head SET last_seq = last_seq + 1, revision = revision + 1 WHERE channel_id = $1 RETURNING last_seq),
      said AS (INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
        SELECT $1, last_seq, 8, $3, gen_random_uuid(), now(), $4::bytea, sha256($4::bytea) FROM head),
      gone AS (UPDATE chat.member SET left_seq = head.last_seq FROM head WHERE channel_id = $1 AND user_id = $2)
     DELETE FROM chat.seat WHERE channel_id = $1 AND user_id = $2`,
    [id, bob.id, ann.id, gone],
  );
}

test.each([
  ['learns of it at once', () => change({ remove: true })],
  ['is not notified', removeSilently],
])(
  'a removed user sees the entry of the removal, and the goodbye names it, if the chat server %s',
  async (_, remove) => {
    const a = await join(ann);
    for (let round = 0; round < 4; round++) {
      await change({ add: true });
      const b = await join(bob);
      a.send('between');
      await remove();
      expect((await b.ended).reason).toBe('removed');
      const last = b.messages.findLast(({ seq }) => seq > 0);
      expect(last?.kind).toBe(Kind.MEMBER);
      expect(MemberChange.decode(last?.data ?? Buffer.alloc(0))).toMatchObject({ userId: bob.id, joined: false });
      expect(b.messages.at(-1)?.goodbye).toMatchObject({ reason: 'removed', listenAgain: false, seq: last?.seq });
      await new Promise((resolve) => setTimeout(resolve, 1_100)); // One Listen per second is allowed.
    }
    await a.leave();
  },
);
