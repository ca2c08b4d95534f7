import { Client, credentials } from '@grpc/grpc-js';
import {
  AdminService,
  Channel,
  ChannelKind,
  ChannelService,
  CreateBotRequest,
  User,
  UserService,
} from '@parley/contract';
import { clientOptions } from '@parley/rpc';
import { callPatiently, TestGateway, type TestPerson, Trio } from '@parley/testkit';
import { post } from './relay-rig.js';

let trio: Trio;
let users: Client;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  const { grpc } = await trio.startUserService();
  users = new Client(grpc, credentials.createInsecure(), clientOptions);
});
afterAll(async () => {
  users.close();
  await trio.stop();
});

test('a bot enters a room with its token, speaks, and is gone when it is revoked', async () => {
  const withinMs = 30_000;
  const { token: operator } = await trio.people.make('operator', 'admin');
  const host = await trio.people.make('host');
  const { id } = await trio.create(host, 'room');
  const asked = CreateBotRequest.fromPartial({ userId: 'robot' });
  const { token, user } = await callPatiently(users, UserService.createBot, asked, { token: operator, withinMs });
  const robot = { id: 'robot', number: user?.number ?? 0, sessionId: '', token };

  const listener = await trio.join(host, id);
  const stream = await trio.join(robot, id);
  stream.send('beep');
  expect(await listener.find(({ sender }) => sender === 'robot')).toMatchObject({ userId: robot.number });

  await callPatiently(users, UserService.revokeBot, User.fromPartial({ id: 'robot' }), { token: operator, withinMs });
  expect(await stream.ended).toMatchObject({ reason: 'suspended' });
  await expect(trio.listen(robot, id)).rejects.toMatchObject({ reason: 'logged-out' });
  await listener.leave();
});

test('the stream of a bot ends when its creator is suspended', async () => {
  const withinMs = 30_000;
  const { token: operator } = await trio.people.make('judge', 'admin');
  const maker = await trio.people.make('maker');
  const { id } = await trio.create(maker, 'room');
  const asked = CreateBotRequest.fromPartial({ userId: 'helper', channelId: id });
  const { token, user } = await callPatiently(users, UserService.createBot, asked, { token: maker.token, withinMs });
  const helper = { id: 'helper', number: user?.number ?? 0, sessionId: '', token };
  const stream = await trio.join(helper, id);
  const suspended = User.fromPartial({ id: 'maker', status: 2 });
  await callPatiently(trio.manager(), AdminService.setUser, suspended, { token: operator, withinMs });
  expect(await stream.ended).toMatchObject({ reason: 'suspended' });
  await expect(trio.listen(helper, id)).rejects.toMatchObject({ reason: 'logged-out' });
});

test('a bot attaches to a relay with its token, and acts only in its own channel', async () => {
  const withinMs = 30_000;
  const owner = await trio.people.make('owner');
  const [own, other] = [await groupOf(owner), await groupOf(owner)];
  const asked = CreateBotRequest.fromPartial({ userId: 'relayed', channelId: own });
  const { token } = await callPatiently(users, UserService.createBot, asked, { token: owner.token, withinMs });
  await trio.changeMember(owner, { channelId: own, userId: 'relayed', add: true });
  const [server] = trio.chatServers;
  if (server === undefined) throw new Error('no chat server');
  for (const channelId of [own, other]) await trio.place(channelId, server);
  const gateway = await TestGateway.open(trio.database);
  const relay = await gateway.relay(await trio.identityOf(server));
  const handle = await relay.attach(token);
  expect((await post(relay, own, handle)).refusal).toBeUndefined();
  expect((await post(relay, other, handle)).refusal?.reason).toBe('bot-channel');
  await callPatiently(users, UserService.revokeBot, User.fromPartial({ id: 'relayed' }), {
    token: owner.token,
    withinMs,
  });
  const { closed } = await relay.find((down) => down.closed?.handle === handle);
  expect(closed?.goodbye?.reason).toBe('suspended');
  relay.cancel();
  await gateway.close();
});

async function groupOf({ token }: TestPerson): Promise<number> {
  const group = Channel.fromPartial({ name: 'group', limit: 10, kind: ChannelKind.GROUP });
  return (await callPatiently(trio.manager(), ChannelService.create, group, { token, withinMs: 30_000 })).id;
}
