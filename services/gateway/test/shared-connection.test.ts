import { Client, credentials } from '@grpc/grpc-js';
import { InboxCommand, type InboxEvent, InboxService } from '@parley/contract';
import { bearerMetadata, startDuplex, streamOptions } from '@parley/rpc';
import { limits } from '@parley/runtime';
import { Trio, until } from '@parley/testkit';

const users = 10;
const inboxesEach = 15;

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start();
});
afterAll(() => trio.stop());

test('one connection can carry more inboxes than the initial limit of calls', async () => {
  const gateway = await trio.startGateway();
  const people = await trio.people.makeMany('neighbour', users);
  const client = new Client(gateway.grpc, credentials.createInsecure(), streamOptions);
  let welcomed = 0;
  for (const { token } of people.flatMap((one) => Array.from({ length: inboxesEach }, () => one))) {
    const call = startDuplex(client, InboxService.session, bearerMetadata(token));
    call
      .on('error', () => {})
      .on('data', ({ welcome }: InboxEvent) => {
        if (welcome !== undefined) welcomed += 1;
      });
    call.write(InboxCommand.fromPartial({ watch: {} }));
  }
  expect(users * inboxesEach).toBeGreaterThan(limits.callsPerConnection);
  await until(() => welcomed === users * inboxesEach);
  client.close();
});
