import { randomUUID } from 'node:crypto';
import { Resume } from '@parley/contract';
import { type RelayClient, type TestPerson, until, utf8 } from '@parley/testkit';
import { post, RelayRig } from './relay-rig.js';

let rig: RelayRig;
let relay: RelayClient;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await RelayRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  relay = await rig.relay(server());
});
afterEach(() => relay.cancel());

function server() {
  return rig.trio.chatServers[0] as (typeof rig.trio.chatServers)[number];
}

async function follow(channelId: number, by = relay): Promise<void> {
  expect((await by.ask({ channelId, follow: { log: '', afterSeq: 0 } })).following).toBeDefined();
}

const closedOf = async (handle: number) =>
  (await relay.find(({ closed }) => closed?.handle === handle)).closed?.goodbye?.reason;

describe('a room', () => {
  async function seat(person: TestPerson, id: number, by = relay): Promise<number> {
    return by.attach((await rig.trio.listen(person, id)).token, id);
  }

  test('a join token takes the seat, and the handle sends and follows there', async () => {
    const { id } = await rig.trio.create(ann, 'room');
    const stream = await rig.trio.join(ann, id);
    const handle = await seat(bob, id);
    await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
    await follow(id);
    expect(await post(relay, id, handle, { data: Buffer.from('in') })).toMatchObject({ seq: 1 });
    await stream.find(({ data, sender }) => utf8(data) === 'in' && sender === bob.id);
    await relay.find(({ frame }) => utf8(frame?.data) === 'in');
    expect((await post(relay, await rig.chat([ann]), handle)).refusal?.reason).toBe('wrong-kind');
    relay.send({ detach: handle });
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    expect((await relay.find(({ closed }) => closed?.handle === 0)).closed?.goodbye?.reason).toBe('handle-gone');
    await until(async () => (await rig.sql('SELECT FROM chat.seat WHERE user_id = $1', [bob.id])).length === 0);
    await stream.leave();
  });

  test('a join token opens one handle, in its own room, and the limits of the room apply', async () => {
    const { id } = await rig.trio.create(ann, 'small', 1);
    const { token } = await rig.trio.listen(ann, id);
    const wrong = await relay.ask({ channelId: await rig.chat([ann]), attach: { token, handle: 0 } });
    expect(wrong.refusal?.reason).toBe('wrong-kind');
    const handle = await seat(ann, id);
    await expect(rig.trio.listen(bob, id)).rejects.toMatchObject({ reason: 'channel-full' });
    const again = await rig.trio.listen(ann, id);
    expect(await closedOf(handle)).toBe('replaced');
    expect(await relay.attach(again.token, id)).toBeGreaterThan(handle);
    expect((await relay.ask({ channelId: id, attach: { token: again.token, handle: 0 } })).refusal?.reason).toBe(
      'seat-gone',
    );
  });

  test('another room replaces the seat, and a user without a seat sends nothing', async () => {
    const [one, two] = [await rig.trio.create(ann, 'one'), await rig.trio.create(ann, 'two')];
    const handle = await seat(bob, one.id);
    await seat(bob, two.id);
    expect(await closedOf(handle)).toBe('replaced');
    const user = await relay.attach(bob.token);
    expect((await post(relay, two.id, user)).refusal?.reason).toBe('wrong-kind');
  });

  test('the seat survives a broken relay', async () => {
    const { id } = await rig.trio.create(ann, 'lasting');
    const name = randomUUID();
    const first = await rig.relay(server(), { name });
    const handle = await seat(bob, id, first);
    first.cancel();
    await first.ended;
    const second = await rig.relay(server(), { name });
    expect(await second.ask({ attach: { token: '', handle } })).toMatchObject({ handle });
    await follow(id, second);
    expect(await post(second, id, handle)).toMatchObject({ seq: 1 });
    second.cancel();
  });

  test('the response has the welcome, and a follow from its position shows everything', async () => {
    const { id } = await rig.trio.create(ann, 'welcoming');
    const stream = await rig.trio.join(ann, id);
    stream.send('one');
    await stream.find(({ data }) => utf8(data) === 'one');
    const { token } = await rig.trio.listen(bob, id);
    const { welcome } = await relay.ask({ channelId: id, attach: { token } });
    expect(welcome).toMatchObject({ me: { id: bob.id }, here: 2, lastSeq: 1, resume: Resume.UNSPECIFIED });
    stream.send('two');
    await stream.find(({ data }) => utf8(data) === 'two');
    const { log = '', lastSeq: afterSeq = 0 } = welcome ?? {};
    expect((await relay.ask({ channelId: id, follow: { log, afterSeq } })).following?.firstSeq).toBe(2);
    await relay.find(({ frame }) => utf8(frame?.data) === 'two');
    await stream.leave();
  });

  test.each(['replaced', 'handle-gone'])(
    'a handle whose seat ended while the relay was broken says why: %s',
    async (reason) => {
      const [{ id }, other] = [await rig.trio.create(ann, 'one'), await rig.trio.create(ann, 'two')];
      const stream = await rig.trio.join(ann, id);
      const name = randomUUID();
      const first = await rig.relay(server(), { name });
      const handle = await seat(bob, id, first);
      first.cancel();
      await first.ended;
      if (reason === 'replaced') await rig.trio.listen(bob, other.id);
      await stream.find(({ presence }) => presence?.went[0]?.id === bob.id); // Otherwise, the seat stays for 10 s.
      const second = await rig.relay(server(), { name });
      expect((await second.ask({ channelId: id, attach: { handle } })).refusal?.reason).toBe(reason);
      second.cancel();
      await stream.leave();
    },
  );
});
