import { ChangeMemberRequest, Channel, ChannelService, UpdateChannelRequest } from '@parley/contract';
import { type Chatter, callPatiently, type TestPerson, Trio, until, utf8 } from '@parley/testkit';
import { kinds } from './chats.js';

let trio: Trio;
let owner: TestPerson;
let member: TestPerson;
let id: number;

beforeAll(async () => {
  trio = await Trio.start({ managers: 2 });
});

afterAll(() => trio.stop());

beforeEach(async () => {
  [owner, member] = (await trio.people.makeMany(`p${Date.now()}`, 2)) as [TestPerson, TestPerson];
  const asked = Channel.fromPartial({ name: 'x', kind: kinds.group, retention: { nothing: true } });
  ({ id } = await callPatiently(trio.manager(), ChannelService.create, asked, options(owner)));
  await change(member, { add: true });
});

const options = ({ token }: TestPerson) => ({ token, withinMs: 30_000 });

function change(whom: TestPerson, what: Parameters<typeof ChangeMemberRequest.fromPartial>[0]): Promise<unknown> {
  const request = ChangeMemberRequest.fromPartial({ channelId: id, userId: whom.id, ...what });
  return callPatiently(trio.manager(1), ChannelService.changeMember, request, options(owner));
}

function connect(who: TestPerson): Promise<Chatter> {
  return trio.join(who, id);
}

/** Lets the member come back. */
async function comeBack(): Promise<void> {
  await change(member, { banUntil: 0 });
  await change(member, { add: true });
}

/** Expects that a stream ended because a stall has ended the lease of the chat server. */
async function expectMoved({ ended }: Chatter): Promise<false> {
  expect(await ended).toMatchObject({ reason: 'moved' });
  return false;
}

function soon<T>(promise: Promise<T>): Promise<T | 'too late'> {
  const late = new Promise<'too late'>((resolve) => setTimeout(() => resolve('too late'), 30_000).unref());
  return Promise.race([promise, late]);
}

test.each([{ remove: true }, { banUntil: 9e15 }])('the change %j ends only the stream of that user', async (what) => {
  await until(async () => {
    const [one, two] = [await connect(owner), await connect(member)];
    await change(member, what);
    const ending = await soon(two.ended);
    one.send('still here');
    const isHere = await one
      .find(({ data }) => utf8(data) === 'still here')
      .then(
        () => true,
        () => expectMoved(one),
      );
    one.cancel();
    if (!isHere || (ending !== 'too late' && ending.reason === 'moved')) return comeBack().then(() => false);
    expect(ending).toMatchObject({ reason: 'removed' });
    return true;
  });
});

test('a new log moves all users to a server that has read it', async () => {
  const streams = [await connect(owner), await connect(member)];
  const request = UpdateChannelRequest.fromPartial({ id, retention: { everything: true } });
  await callPatiently(trio.manager(), ChannelService.update, request, options(owner));
  for (const { ended, messages } of streams) {
    expect(await soon(ended)).toMatchObject({ reason: 'moved' });
    expect(messages.at(-1)?.goodbye).toMatchObject({ listenAgain: true });
  }
  const again = await connect(owner);
  again.cancel();
});
