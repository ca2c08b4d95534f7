/** Mutual TLS between real processes: who is refused, and a rotation under load. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { ChannelService, ReportRequest } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import {
  Authority,
  type Chatter,
  checkHistory,
  type IssuedPair,
  type NamedEntry,
  recordedIn,
  ServiceProcess,
  type TestPerson,
  Trio,
  until,
  utf8,
} from '@parley/testkit';
import { InboxClient } from './inbox-client.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-mutual-'));
const [cert, key, ca] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => join(folder, name)) as [string, string, string];
const chatName = { PARLEY_TLS_CHAT_NAME: 'chat-service' };
const tls = { PARLEY_TLS_CERT: cert, PARLEY_TLS_KEY: key, PARLEY_TLS_CA: ca, PARLEY_TLS_CLIENT_CA: ca, ...chatName };
/** Names of the certificate that most processes share: their address, and that of a chat server. */
const names = 'DNS:localhost,IP:127.0.0.1,DNS:chat-service';

function authority(name: string): Authority {
  mkdirSync(join(folder, name));
  return new Authority(join(folder, name));
}

const [first, second, foreign] = [authority('first'), authority('second'), authority('foreign')];
const rootOf = (one: Authority) => readFileSync(one.file('root'));
/** Both authorities, for clients that have learned of the rotation in advance. */
const both = Buffer.concat([rootOf(first), rootOf(second)]);

function usePair(pair: IssuedPair): void {
  writeFileSync(cert, pair.cert);
  writeFileSync(key, pair.key);
}

let trio: Trio;
let gateway: ServiceProcess;
let processes: ServiceProcess[];
let ann: TestPerson;
let bob: TestPerson;
let chat = 0;
/** A pair of another authority. */
let stranger: IssuedPair;

beforeAll(async () => {
  usePair(first.issue('service', { names }));
  writeFileSync(ca, rootOf(first));
  stranger = foreign.issue('stranger', {});
  trio = await Trio.start({ env: tls, ca: both });
  const users = await trio.startUserService();
  gateway = await trio.startGateway();
  processes = [...trio.managers, ...trio.chatServers, users, gateway];
  ann = await trio.people.make('ann');
  bob = await trio.people.make('bob');
  chat = (await trio.openDirect(ann, bob.id)).id;
});
afterAll(async () => {
  await trio.stop();
  rmSync(folder, { recursive: true });
});

/** Calls a manager as a service without a valid token, and returns why the call is refused. */
async function reportWith(pair?: IssuedPair): Promise<unknown> {
  const security = credentials.createSsl(both, pair?.key, pair?.cert);
  const options = { ...clientOptions, 'grpc.use_local_subchannel_pool': 1 };
  const client = new Client(trio.managers[0]?.grpc ?? '', security, options);
  const request = ReportRequest.create();
  return callUnary(client, ChannelService.report, request, { token: 'a.b.c', withinMs: 60_000 })
    .catch(({ reason }: { reason: string }) => reason)
    .finally(() => client.close());
}

test('calls of services need a certificate of the authority, besides their token', async () => {
  expect(await reportWith(first.issue('other', {}))).toBe('not-a-service');
  for (const pair of [undefined, stranger, first.issue('old', { from: -3, to: -1 })])
    expect(await reportWith(pair)).toBe('no-certificate');
});

test('a chat server with a certificate of another authority is refused, and its log says what to do', async () => {
  const pair = { PARLEY_TLS_CERT: foreign.file('stranger'), PARLEY_TLS_KEY: foreign.keyFile('stranger') };
  const database = { PARLEY_DATABASE_URL: trio.database.urlFor('chat_server') };
  const managers = { PARLEY_MANAGERS: trio.managers[0]?.grpc ?? '' };
  const server = await ServiceProcess.start('chat-service', { ...tls, ...pair, ...database, ...managers });
  await until(() => server.output.includes('The caller needs a certificate that PARLEY_TLS_CLIENT_CA accepts'));
  expect(await trio.people.sql('SELECT FROM chat.server WHERE addr = $1', [server.grpc])).toEqual([]);
  await server.stop();
});

/** Somebody who posts one message after the other, and records what arrives. */
interface Talker {
  readonly name: string;
  readonly acked: NamedEntry[];
  readonly received: () => NamedEntry[];
  readonly post: (text: string) => Promise<{ readonly seq: number }>;
  /** How the stream ended, if it did. */
  ending: unknown;
}

function talkerOf(name: string, stream: Chatter | InboxClient): Talker {
  const entriesOf = () => (stream instanceof InboxClient ? stream.entries(chat) : stream.messages);
  const talker: Talker = {
    name,
    acked: [],
    received: () => entriesOf().flatMap(({ seq, data }) => (seq > 0 ? [{ seq, name: utf8(data) }] : [])),
    post: (text) =>
      stream instanceof InboxClient ? stream.post({ channelId: chat, data: Buffer.from(text) }) : stream.ask(text),
    ending: undefined,
  };
  stream.ended.then((ending) => {
    talker.ending = ending;
  });
  return talker;
}

async function talk({ name, acked, post }: Talker, isOver: () => boolean): Promise<void> {
  for (let n = 1; !isOver(); n++) {
    await pause(100); // Users may send only at a limited rate.
    const text = `${name} ${n}`;
    acked.push({ seq: (await post(text)).seq, name: text });
  }
}

/** Changes files, and waits until every process uses them and everybody has posted since. */
async function rotate(change: () => void, talkers: readonly Talker[]): Promise<void> {
  const reloads = processes.map(({ output }) => output.split('certificates reloaded').length);
  change();
  await until(() =>
    processes.every(({ output }, at) => output.split('certificates reloaded').length > (reloads[at] ?? 0)),
  );
  const counts = talkers.map(({ acked }) => acked.length);
  await until(() => talkers.every(({ acked }, at) => acked.length > (counts[at] ?? 0) + 20));
}

test('authority and certificates change under load, and no stream ends', async () => {
  const inChat = await trio.join(ann, chat, { ca: both });
  const inInbox = await InboxClient.open(gateway.grpc, bob, {}, both);
  const talkers = [talkerOf('ann', inChat), talkerOf('bob', inInbox)];
  let isOver = false;
  const talks = talkers.map((talker) => talk(talker, () => isOver));
  const [oldPair, newPair] = [first.issue('last', {}), second.issue('service', { names })];
  await rotate(() => writeFileSync(ca, both), talkers);
  await rotate(() => usePair(newPair), talkers);
  expect(await reportWith(oldPair)).toBe('not-a-service');
  await rotate(() => writeFileSync(ca, rootOf(second)), talkers);
  expect(await reportWith(oldPair)).toBe('no-certificate');

  const elsewhere = (await trio.openDirect(bob, (await trio.people.make('cat')).id)).id;
  second.issue('named', { names: 'DNS:chat-service' }); // The address of the chat server is not in its certificate.
  const named = { PARLEY_TLS_CERT: second.file('named'), PARLEY_TLS_KEY: second.keyFile('named') };
  await trio.place(elsewhere, await trio.addChatServer(named));
  const posted = await inInbox.post({ channelId: elsewhere, data: Buffer.from('over a new connection') });
  expect(posted).toMatchObject({ seq: 1, refusal: undefined });

  isOver = true;
  await Promise.all(talks);
  const [{ last } = { last: 0 }] = await trio.people.sql(
    'SELECT max(seq)::int AS last FROM chat.message WHERE channel_id = $1',
    [chat],
  );
  await until(() => talkers.every(({ received }) => received().at(-1)?.seq === last));
  const records = talkers.map(({ name, acked, received }) => ({
    name,
    acked,
    startsAfter: 0,
    received: received().map((entry) => ({ is: 'entry' as const, ...entry })),
  }));
  expect(checkHistory(await recordedIn(trio.people, chat, records))).toEqual([]);
  expect(talkers.map(({ ending }) => ending)).toEqual([undefined, undefined]);
  await inChat.leave();
  await inInbox.cut();
});

test('a file that cannot be used is refused, and the process goes on with the last ones', async () => {
  const broken = readFileSync(cert).subarray(0, 200);
  writeFileSync(cert, broken);
  await until(() => gateway.output.includes(`PARLEY_TLS_CERT=${cert} holds no certificate`));
  const inbox = await InboxClient.open(gateway.grpc, ann, {}, both);
  await inbox.cut();
});
