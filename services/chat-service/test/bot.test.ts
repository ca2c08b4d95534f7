import { Client, credentials } from '@grpc/grpc-js';
import { AdminService, CreateBotRequest, User, UserService } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { Trio } from '@parley/testkit';

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
  const { token, user } = await callUnary(users, UserService.createBot, asked, { token: operator, withinMs });
  const robot = { id: 'robot', number: user?.number ?? 0, sessionId: '', token };

  const listener = await trio.join(host, id);
  const stream = await trio.join(robot, id);
  stream.send('beep');
  expect(await listener.find(({ sender }) => sender === 'robot')).toMatchObject({ userId: robot.number });

  await callUnary(users, UserService.revokeBot, User.fromPartial({ id: 'robot' }), { token: operator, withinMs });
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
  const { token, user } = await callUnary(users, UserService.createBot, asked, { token: maker.token, withinMs });
  const helper = { id: 'helper', number: user?.number ?? 0, sessionId: '', token };
  const stream = await trio.join(helper, id);
  const suspended = User.fromPartial({ id: 'maker', status: 2 });
  await callUnary(trio.manager(), AdminService.setUser, suspended, { token: operator, withinMs });
  expect(await stream.ended).toMatchObject({ reason: 'suspended' });
  await expect(trio.listen(helper, id)).rejects.toMatchObject({ reason: 'logged-out' });
});
