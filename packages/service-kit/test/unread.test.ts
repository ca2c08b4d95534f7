import { LoginRequest, LoginResponse } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { limits } from '@parley/runtime';
import { answerOf, RawClient } from './raw-client.js';
import { eventually, ServerUnderTest } from './server-under-test.js';

const path = '/chat.v1.UserService/Login';
const whole = frameOf(LoginRequest.encode(LoginRequest.create()).finish());
const answerBytes = 1_000_000;
let server: ServerUnderTest;
let answered = 0;

beforeEach(async () => {
  answered = 0;
  server = await ServerUnderTest.start({
    user: {
      login: async (_request, call) => {
        call.facts.user = call.metadata('x-user');
        answered += 1;
        return LoginResponse.fromPartial({ token: 'x'.repeat(answerBytes) });
      },
    },
  });
});
afterEach(() => server.stop());

/** Opens calls of a user whose responses are not read until `resume`. */
async function unread(user: string, count: number) {
  const client = new RawClient(server.port);
  client.session.setMaxListeners(0);
  const until = answered + count;
  const streams = Array.from({ length: count }, () => client.open(path, { 'x-user': user }).pause());
  for (const stream of streams) stream.end(whole);
  await eventually(() => answered === until, 'the responses');
  return { client, streams };
}

const unreadBytes = async () =>
  (await server.metrics.registry.getSingleMetric('parley_unread_bytes')?.get())?.values[0]?.value ?? 0;

test('drops responses of the user with the most unread bytes once the process exceeds its budget', async () => {
  const fits = Math.floor(limits.unreadBytes / answerBytes);
  const bob = await unread('bob', 10);
  const ann = await unread('ann', fits - 10);
  expect(await unreadBytes()).toBeGreaterThan((fits - 5) * answerBytes);
  expect(server.lines).toEqual([]);
  const eve = await unread('eve', 5);
  const lines = await server.linesOf('Login', 1);
  expect(new Set(lines.map(({ user, reason }) => `${user} ${reason}`))).toEqual(new Set(['ann too-slow']));
  expect(await unreadBytes()).toBeLessThanOrEqual(limits.unreadBytes);
  for (const { streams } of [bob, eve]) {
    const read = await Promise.all(streams.map((stream) => answerOf(stream.resume())));
    expect(read.every(({ body }) => body.length > answerBytes)).toBe(true);
  }
  for (const { client } of [ann, bob, eve]) client.close();
  while ((await unreadBytes()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});
