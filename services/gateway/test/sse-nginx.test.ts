/** Document 001: events over SSE through nginx with its default settings, while processes are killed. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Program, type ServiceProcess, until } from '@parley/testkit';
import { EventSource } from 'eventsource';
import { InboxRig } from './inbox-rig.js';
import { request } from './rest-client.js';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;
/** Kills, of chat servers and gateways in turn. 20 in the long form of the test. */
const kills = Number(process.env.TEST_KILLS ?? 2);
const messagesPerKill = 50;
const tabs = 6;

let rig: InboxRig;
let folder: string;
let nginx: Program;
let proxy: string;
let ports: readonly [number, number];
const gateways: ServiceProcess[] = [];

const startGateway = (port: number) => rig.trio.startGateway({ PARLEY_URL_TOKENS: 'on', PARLEY_PORT: String(port) });

/** Starts nginx in front of the gateways. No setting differs from its default except its folders. */
async function startNginx(port: number): Promise<Program> {
  folder = await mkdtemp(join(tmpdir(), 'parley-nginx-'));
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder};`);
  const servers = ports.map((one) => `server 127.0.0.1:${one};`);
  const config = `pid ${folder}/pid; error_log stderr; events {}
http {
  access_log off; ${folders.join(' ')}
  upstream parley { ${servers.join(' ')} }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://parley; } }
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
  await until(() =>
    fetch(proxy).then(
      () => true,
      () => false,
    ),
  );
});
afterAll(async () => {
  nginx?.child.kill('SIGTERM');
  await nginx?.exited;
  await rig?.stop();
  if (hasNginx) await rm(folder, { recursive: true });
});

/** Opens a stream of events, and returns the texts of the messages that arrive. */
function openTab(token: string): { readonly source: EventSource; readonly texts: string[] } {
  const source = new EventSource(`${proxy}/events?token=${token}`);
  const texts: string[] = [];
  source.addEventListener('NewMessage', ({ data }) => texts.push(JSON.parse(data).content));
  return { source, texts };
}

async function killOwner(channelId: number): Promise<void> {
  const [row] = await rig.sql(
    'SELECT s.addr FROM chat.channel_head h JOIN chat.server s USING (instance_id) WHERE h.channel_id = $1',
    [channelId],
  );
  rig.trio.chatServers.find(({ grpc }) => grpc === row?.addr)?.kill('SIGKILL');
  await rig.trio.addChatServer();
}

async function killGateway(number: 0 | 1): Promise<void> {
  const killed = gateways[number];
  killed?.kill('SIGKILL');
  await killed?.exited;
  gateways[number] = await startGateway(ports[number]);
}

(hasNginx ? test : test.skip)(
  'nginx: messages arrive at six tabs once each and in order, over kills of chat servers and gateways',
  async () => {
    const [ann, bob] = await rig.people(2);
    if (ann === undefined || bob === undefined) throw new Error('There are no people.');
    const id = await rig.group(ann, [bob]);
    const open = Array.from({ length: tabs }, () => openTab(bob.token));
    await until(() => open.every(({ source }) => source.readyState === source.OPEN));
    const texts = Array.from({ length: kills * messagesPerKill }, (_, n) => `第${n}条\nline ${n}`);
    for (const [n, content] of texts.entries()) {
      const kill = Math.floor(n / messagesPerKill);
      if (n % messagesPerKill === 10) await (kill % 2 === 0 ? killOwner(id) : killGateway(kill % 4 === 1 ? 0 : 1));
      const post = { token: ann.token, headers: { 'idempotency-key': `nginx-${n}` }, json: { content } };
      await until(async () => {
        const sent = await request(`${proxy}/api/chats/${id}`, 'POST', post).catch(() => undefined);
        return sent?.status === 201;
      });
    }
    await until(() => open.every((one) => one.texts.length >= texts.length));
    for (const one of open) expect(one.texts).toEqual(texts);
    for (const { source } of open) source.close();
  },
);
