import { ChannelService, MemberRole, Notify, SetNotifyRequest, UpdateReceiptRequest } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { type TestPerson, until } from '@parley/testkit';
import type { InboxClient } from './inbox-client.js';
import { InboxRig } from './inbox-rig.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;
let id: number;
let log: string;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  id = await rig.group(ann, [bob]);
  const { chats } = await rig.trio.overview(bob);
  log = chats.find(({ channel }) => channel?.id === id)?.log ?? '';
});

const asBob = () => ({ token: bob.token, withinMs: 30_000 });

/** Moves the receipt of Bob to the end of the log, or sets or removes the mark "unread". */
const update = (fields: object) =>
  callUnary(
    rig.trio.manager(),
    ChannelService.updateReceipt,
    UpdateReceiptRequest.fromPartial({ channelId: id, log, ...fields }),
    asBob(),
  );

const memberships = ({ events }: InboxClient) => events.flatMap(({ membership }) => membership ?? []);

/** Waits until the newest membership of a device has these fields. */
const shows = (device: InboxClient, fields: object) =>
  until(
    () => JSON.stringify({ ...memberships(device).at(-1), ...fields }) === JSON.stringify(memberships(device).at(-1)),
  );

test('a mark "unread", its removal, and a level of notifications reach all devices of the user and nobody else', async () => {
  const [phone, others] = [await rig.open(bob), await rig.open(ann)];
  await update({ readSeq: 1 });
  await update({ markedUnread: true });
  await shows(phone, { channelId: id, role: MemberRole.MEMBER, markedUnread: true, notify: Notify.ALL });
  await update({ markedUnread: false });
  await shows(phone, { markedUnread: false });
  const quiet = SetNotifyRequest.fromPartial({ channelId: id, notify: Notify.NONE });
  await callUnary(rig.trio.manager(), ChannelService.setNotify, quiet, asBob());
  await shows(phone, { notify: Notify.NONE });
  await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, role: MemberRole.ADMIN });
  await shows(phone, { role: MemberRole.ADMIN, notify: Notify.NONE });
  const receipts = () => others.events.filter(({ message }) => message?.receipt?.userId === bob.id).length;
  await until(() => receipts() > 0);
  expect(memberships(others)).toEqual([]);
  expect(receipts()).toBe(1); // None of the changes repeats it.
  await Promise.all([phone.cut(), others.cut()]);
});

test.each([
  ['with a chat server', true],
  ['without a chat server', false],
])(
  'reading again on one device removes the mark on the others, and a late receipt leaves it, %s',
  async (_, isServed) => {
    const phone = await rig.open(bob);
    const owner = isServed ? await rig.trio.join(ann, id) : undefined;
    if (isServed) await rig.followed(phone, id, ann);
    const isTold = ({ message, membership }: InboxClient['events'][number]) =>
      message?.receipt?.userId === bob.id || membership?.markedUnread === false;
    await update({ readSeq: 1 });
    await until(() => phone.events.some(({ message }) => message?.receipt?.readSeq === 1));
    await update({ markedUnread: true });
    await shows(phone, { markedUnread: true });
    for (const one of [bob, ann]) await rig.post(one, { channelId: id, receipt: { readSeq: 1 } });
    await until(() => phone.events.some(({ message }) => message?.receipt?.userId === ann.id));
    expect(await rig.trio.overview(bob)).toMatchObject({ chats: [{ markedUnread: true }] });
    const known = phone.events.length;
    await update({ readSeq: 1 });
    await until(() => phone.events.slice(known).some(isTold));
    expect(await rig.trio.overview(bob)).toMatchObject({ chats: [{ markedUnread: false }] });
    await Promise.all([phone.cut(), owner?.leave()]);
  },
);

test('a device that was away learns with its resume what another device has set meanwhile', async () => {
  const away = await rig.open(bob);
  await away.cut();
  await update({ markedUnread: true });
  const marked = await rig.open(bob, { after: away.position });
  expect(memberships(marked)).toMatchObject([{ channelId: id, markedUnread: true }]);
  await marked.cut();
  await update({ readSeq: 1 });
  const read = await rig.open(bob, { after: marked.position });
  expect(memberships(read)).toMatchObject([{ channelId: id, markedUnread: false }]);
  await read.cut();
  await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, role: MemberRole.ADMIN });
  await rig.sql('UPDATE chat.member SET set_at = NULL WHERE channel_id = $1', [id]);
  const promoted = await rig.open(bob, { after: read.position });
  await shows(promoted, { role: MemberRole.ADMIN });
  await promoted.cut();
});
