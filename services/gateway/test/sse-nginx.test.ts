/** Document 001: events over SSE through nginx with its default settings, while processes and the database end. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, Program, type ServiceProcess, type TestPerson, until, whileClosed } from '@parley/testkit';
import { chromiumPath } from '@parley/web/testing';
import { BrowserTab } from './browser-tab.js';
import { InboxRig } from './inbox-rig.js';
import { request } from './rest-client.js';
import { CurlTab, EventSourceTab, HttpxTab, type Tab } from './sse-tabs.js';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;
/** Kills, of chat servers and gateways in turn. 20 in the long form of the test. */
const kills = Number(process.env.TEST_KILLS ?? 2);
/** The long form has six tabs of Chromium, too. */
const hasBrowser = kills > 2 && chromiumPath !== undefined;
/** 1,000 messages in all in the long form. */
const messagesPerFault = 42;
const hasWorked = () => true;
const hasFailed = () => false;

let rig: InboxRig;
let folder: string;
let nginx: Program;
let proxy: string;
let ports: readonly [number, number];
const gateways: ServiceProcess[] = [];
const tabs: Tab[] = [];

const startGateway = (port: number) =>
  rig.trio.startGateway({ PARLEY_URL_TOKENS: 'on', PARLEY_PORT: String(port), PARLEY_STOP_SECONDS: '4' });

/** Starts nginx in front of the gateways, with its default settings. A header says which gateway has responded. */
async function startNginx(port: number): Promise<Program> {
  folder = await mkdtemp(join(tmpdir(), 'parley-nginx-'));
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder};`);
  const servers = ports.map((one) => `server 127.0.0.1:${one};`);
  const config = `pid ${folder}/pid; error_log stderr; events {}
http {
  access_log off; ${folders.join(' ')}
  upstream parley { ${servers.join(' ')} }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://parley; add_header x-upstream $upstream_addr always; } }
}`;
  await writeFile(join(folder, 'nginx.conf'), config);
  return new Program('nginx', ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
}

beforeAll(async () => {
  if (!hasNginx) return;
  rig = await InboxRig.start({ chatServers: 2 });
  await rig.trio.startUserService();
  const first = await freePorts(3);
  ports = [first, first + 1];
  for (const port of ports) gateways.push(await startGateway(port));
  proxy = `http://127.0.0.1:${first + 2}`;
  nginx = await startNginx(first + 2);
  await until(() => fetch(proxy).then(hasWorked, hasFailed));
});
afterAll(async () => {
  for (const tab of tabs) tab.close();
  nginx?.child.kill('SIGTERM');
  await nginx?.exited;
  await rig?.stop();
  if (hasNginx) await rm(folder, { recursive: true });
});

/** Replaces the chat server that owns a chat. Does nothing if no server owns it at the moment. */
async function replaceOwner(channelId: number, signal: NodeJS.Signals): Promise<void> {
  const owner = await rig.trio.ownerOf(channelId);
  if (owner === undefined) return;
  owner.kill(signal);
  await rig.trio.addChatServer();
  await owner.exited;
}

/**
 * Replaces a gateway, once nginx sends requests to the other one. By default, nginx avoids a gateway
 * that has failed for ten seconds, and answers 502 if all have. A browser gives up after a 502.
 */
async function replaceGateway(number: 0 | 1, signal: NodeJS.Signals): Promise<void> {
  const other = `127.0.0.1:${ports[number === 0 ? 1 : 0]}`;
  await until(async () => (await fetch(proxy)).headers.get('x-upstream') === other);
  const ended = gateways[number];
  ended?.kill(signal);
  await ended?.exited;
  gateways[number] = await startGateway(ports[number]);
}

/** Ends all connections to the database and accepts no new ones for a second, as a restart of PostgreSQL does. */
async function restartDatabase(): Promise<void> {
  await whileClosed(rig.trio.database.ownerUrl, () => pause(1_000));
  await until(() => rig.sql('SELECT 1').then(hasWorked, hasFailed));
}

/** Kills of chat servers and gateways in turn, a restart of the database, and a deployment. */
function faultsOf(channelId: number): (() => Promise<void>)[] {
  const killed = Array.from({ length: kills }, (_, n) => () => {
    return n % 2 === 0 ? replaceOwner(channelId, 'SIGKILL') : replaceGateway(n % 4 === 1 ? 0 : 1, 'SIGKILL');
  });
  const deployed = [
    () => replaceOwner(channelId, 'SIGTERM'),
    () => replaceGateway(0, 'SIGTERM'),
    () => replaceGateway(1, 'SIGTERM'),
  ];
  return [...killed, restartDatabase, ...deployed];
}

(hasNginx ? test : test.skip)(
  'nginx: messages arrive at all tabs once each and in order, over kills, a restart of the database and a deployment',
  async () => {
    const [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
    const id = await rig.group(ann, [bob]);
    const url = `${proxy}/events?token=${bob.token}`;
    for (let n = 0; n < 4; n++) tabs.push(new EventSourceTab(url));
    tabs.push(new HttpxTab(url), new CurlTab(url));
    if (hasBrowser) tabs.push(...(await BrowserTab.open(proxy, bob.token, 6)));
    await until(() => tabs.every(({ isOpen }) => isOpen));
    const faults = faultsOf(id);
    const texts = Array.from({ length: faults.length * messagesPerFault }, (_, n) => `第${n}条\nline ${n}`);
    let fault: Promise<void> | undefined;
    for (const [n, content] of texts.entries()) {
      if (n % messagesPerFault === 0) await fault;
      if (n % messagesPerFault === 10) fault = faults[Math.floor(n / messagesPerFault)]?.();
      const post = { token: ann.token, headers: { 'idempotency-key': `nginx-${n}` }, json: { content } };
      await until(async () => {
        const sent = await request(`${proxy}/api/chats/${id}`, 'POST', post).catch(() => undefined);
        return sent?.status === 201;
      });
    }
    await fault;
    const complete = until(() => tabs.every((one) => one.texts.length >= texts.length));
    await complete.catch(() => {}); // What is missing is shown below.
    for (const one of tabs) expect([one.constructor.name, one.texts]).toEqual([one.constructor.name, texts]);
  },
  (kills + 5) * 60_000,
);
