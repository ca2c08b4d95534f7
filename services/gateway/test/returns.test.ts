import type { TestPerson } from '@parley/testkit';
import { InboxRig, say } from './inbox-rig.js';

let rig: InboxRig;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());

test.each([false, true])(
  'a device of a member who left and returned while it was away gets the rest of each stay, with closed history: %s',
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
    const kinds = second.events
      .map(({ added, removed, message }) => (added ? 'added' : removed ? 'removed' : message?.seq))
      .filter(Boolean);
    expect(kinds).toEqual(['added', 3, 4, 'removed', 'added', 6, 7, 8, 'removed', 'added', 10, 11]);
    await second.cut();
  },
);
