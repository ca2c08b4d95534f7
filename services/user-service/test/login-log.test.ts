import { Client, credentials } from '@grpc/grpc-js';
import { LoginRequest, RegisterRequest, UserService } from '@parley/contract';
import { clientOptions } from '@parley/rpc';
import { callPatiently, openTestDatabase, ServiceProcess, type TestDatabase, until } from '@parley/testkit';
import { password, reasonOf } from './accounts.js';

let database: TestDatabase;
let service: ServiceProcess;
let client: Client;

beforeAll(async () => {
  database = await openTestDatabase();
  const PARLEY_DATABASE_URL = database.urlFor('chat_user');
  service = await ServiceProcess.start('user-service', {
    PARLEY_DATABASE_URL,
    PARLEY_BCRYPT_COST: '4',
    PARLEY_LOG_FORMAT: 'json',
  });
  client = new Client(service.grpc, credentials.createInsecure(), clientOptions);
});
afterAll(async () => {
  client.close();
  await service.stop();
  await database.close();
});

const login = (userId: string, typed: string) =>
  reasonOf(
    callPatiently(client, UserService.login, LoginRequest.fromPartial({ userId, password: typed }), {
      withinMs: 30_000,
    }),
  );

test('logs each login attempt with user and address, without the password or a malformed id', async () => {
  const request = RegisterRequest.fromPartial({ userId: 'ann', password });
  await callPatiently(client, UserService.register, request, { withinMs: 30_000 });
  expect(await login('ann', password)).toBe('ok');
  expect(await login('ann', 'guess-number-one')).toBe('wrong-credentials');
  expect(await login('no-such-user', 'guess-number-two')).toBe('wrong-credentials');
  const hostile = 'x\n{"level":"error"}\u001b[31m';
  expect(await login(hostile, 'guess-number-three')).toBe('wrong-credentials');
  const lines = () =>
    service.output
      .split('\n')
      .filter((line) => line.includes('UserService/Login'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await until(() => lines().length >= 4);
  const said = lines().map(({ login: who, reason, address }) => ({ who, reason, address }));
  expect(said).toEqual([
    { who: 'ann', reason: 'ok', address: '127.0.0.1' },
    { who: 'ann', reason: 'wrong-credentials', address: '127.0.0.1' },
    { who: 'no-such-user', reason: 'wrong-credentials', address: '127.0.0.1' },
    { who: undefined, reason: 'wrong-credentials', address: '127.0.0.1' },
  ]);
  for (const secret of [password, 'guess-number', '[31m']) expect(service.output).not.toContain(secret);
});
