import type { TestPerson } from '@parley/testkit';
import type { InboxClient } from './inbox-client.js';
import { beginWrite, InboxRig, say } from './inbox-rig.js';

let rig: InboxRig;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());

/** What a device was told of its chats: `added`, `removed`, and the seqs of entries. */
function told({ events }: InboxClient): (string | number)[] {
  return events.flatMap(({ added, removed, message }) => {
    if (added !== undefined || removed !== undefined) return added === undefined ? 'removed' : 'added';
    return message === undefined || message.seq === 0 ? [] : message.seq;
  });
}

test.each([false, true])(
  'a device that was away while its user left and returned gets the rest of each stay, with closed history: %s',
  async (closedHistory) => {
    const [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
    const id = await rig.group(ann, [bob], { closedHistory });
    const stream = await rig.trio.join(ann, id);
    const first = await rig.open(bob);
    await say(stream, 'seen');
    await first.entry(id, 2);
    const { length } = first.events;
    await first.find((event) => event.id !== '' && first.events.indexOf(event) >= length);
    await first.cut();
    for (const text of ['in the first stay', 'in the second']) {
      await say(stream, text);
      await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, remove: true });
      await say(stream, 'hidden');
      await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
    }
    await say(stream, 'back');
    const second = await rig.open(bob, { after: first.position });
    await second.entry(id, 11);
    expect(told(second)).toEqual(['added', 3, 4, 'removed', 'added', 6, 7, 8, 'removed', 'added', 10, 11]);
    await second.cut();
  },
);

test.each([
  ['a member in the end', true, 0],
  ['not a member in the end', false, 0],
  ['a member in the end, after 1,000 changes of other chats', true, 1_000],
])(
  'an inbox gets each stay of a user who leaves and returns while its gateway is suspended, and is %s',
  async (_, isBack, others) => {
    const [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
    const id = await rig.group(ann, [bob]);
    const stream = await rig.trio.join(ann, id);
    const inbox = await rig.open(bob);
    await say(stream, 'seen');
    await inbox.entry(id, 2);
    const change = (what: { add: true } | { remove: true }) =>
      rig.trio.changeMember(ann, { channelId: id, userId: bob.id, ...what });
    rig.gateway.kill('SIGSTOP');
    for (const text of ['in the first stay', 'in the short stay']) {
      await say(stream, text);
      await change({ remove: true });
      await say(stream, 'hidden');
      if (isBack || text === 'in the first stay') await change({ add: true });
      if (text === 'in the first stay')
        await rig.sql(
          "INSERT INTO chat.event (kind, channel_id) SELECT 'chat_changed', 1000000 + n FROM generate_series(1, $1::int) n",
          [others],
        );
    }
    rig.gateway.kill('SIGCONT');
    const [first, short] = [
      [2, 3, 4, 'removed'],
      ['added', 6, 7, 8, 'removed'],
    ];
    const expected = [...first, ...short, ...(isBack ? ['added', 10] : [])];
    const removals = () => told(inbox).filter((one) => one === 'removed');
    await inbox.find(({ message }) => (isBack ? message?.seq === 10 : removals().length === 2));
    await say(stream, 'later');
    if (isBack) await inbox.entry(id, 11);
    const other = await rig.group(ann, [bob]);
    await inbox.find(({ added }) => added?.id === other);
    expect(told(inbox)).toEqual([...expected, ...(isBack ? [11] : []), 'added']);
    await inbox.cut();
  },
);

test('an inbox gets a short stay whose removal can be read later than its beginning', async () => {
  const [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  const id = await rig.group(ann, [bob]);
  const stream = await rig.trio.join(ann, id);
  const inbox = await rig.open(bob);
  const change = (what: { add: true } | { remove: true }) =>
    rig.trio.changeMember(ann, { channelId: id, userId: bob.id, ...what });
  await change({ remove: true });
  await inbox.find(({ removed }) => removed?.id === id);
  const endFirst = await beginWrite(rig.trio);
  await change({ add: true });
  await say(stream, 'in the short stay');
  const endSecond = await beginWrite(rig.trio);
  await change({ remove: true });
  await say(stream, 'hidden');
  await change({ add: true });
  await endFirst();
  await say(stream, 'back');
  await inbox.entry(id, 8);
  await endSecond();
  await say(stream, 'later');
  await inbox.entry(id, 9);
  const other = await rig.group(ann, [bob]);
  await inbox.find(({ added }) => added?.id === other);
  expect(told(inbox)).toEqual([2, 'removed', 'added', 3, 4, 5, 'removed', 'added', 7, 8, 9, 'added']);
  await inbox.cut();
});
