/** The shipped recipes for proxies, in front of the services: everything passes, and the services see real addresses. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LoginRequest, LoginResponse, Message, RegisterRequest } from '@parley/contract';
import { Chatter, freePorts, Program, selfSigned, type TestPerson, until } from '@parley/testkit';
import { WebSocket } from 'ws';
import { InboxClient } from './inbox-client.js';
import { InboxRig } from './inbox-rig.js';
import { ProxiedClient } from './proxied-client.js';

const recipes = fileURLToPath(new URL('../../../../deploy/proxies', import.meta.url));
const native = 'application/grpc+proto';
const web = 'application/grpc-web+proto';
const password = 'a long password';
const mebibyte = 1_048_576;

let rig: InboxRig;
let folder: string;
let certificate: Buffer;
let users: string;

/** Returns a recipe with other addresses and files. @throws {Error} if the recipe lacks one of them */
async function recipe(name: string, replaced: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(join(recipes, name), 'utf8');
  for (const [shipped, own] of Object.entries(replaced)) {
    if (!text.includes(shipped)) throw new Error(`${name} lacks ${shipped}.`);
    text = text.replaceAll(shipped, own);
  }
  return text;
}

/** Addresses of the services in the recipes, and those of the rig. */
function addresses(): Record<string, string> {
  const [manager, chatServer] = [rig.trio.managers[0]?.grpc ?? '', rig.trio.chatServers[0]?.grpc ?? ''];
  return {
    '127.0.0.1:8080': new URL(rig.gateway.http).host,
    '127.0.0.1:10080': rig.gateway.grpc,
    '127.0.0.1:50051': users,
    '127.0.0.1:50052': manager,
    '127.0.0.1:50053': chatServer,
  };
}

async function startNginx(port: number): Promise<Program> {
  const text = await recipe('nginx.conf', {
    ...addresses(),
    '443 ssl': `${port} ssl`,
    'listen 80': `listen ${port + 1}`,
    'listen [::]:': '#',
    'chat.example.org;': 'localhost;',
    '/etc/nginx/chat.example.org.pem': join(folder, 'cert.pem'),
    '/etc/nginx/chat.example.org.key': join(folder, 'key.pem'),
    '/var/log/nginx/': `${folder}/nginx-`,
  });
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder};`);
  const main = `pid ${folder}/pid; error_log stderr; events {}
http { access_log off; ${folders.join(' ')} include ${folder}/parley.conf; }`;
  await writeFile(join(folder, 'parley.conf'), text);
  await writeFile(join(folder, 'nginx.conf'), main);
  return new Program('nginx', ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
}

async function startHaproxy(port: number): Promise<Program> {
  const text = await recipe('haproxy.cfg', {
    ...addresses(),
    'port 9080': `port ${rig.gateway.admin?.split(':')[1]}`,
    'maxconn 20000': 'maxconn 1000',
    'fall 3': 'fall 20', // The machine of a test may stand still for longer.
    'bind :443': `bind 127.0.0.1:${port}`,
    'bind :80': `bind 127.0.0.1:${port + 1}`,
    '/etc/haproxy/chat.example.org.pem': join(folder, 'both.pem'),
    '/dev/log local0': 'stdout format raw local0',
  });
  await writeFile(join(folder, 'haproxy.cfg'), text);
  return new Program('haproxy', ['-f', join(folder, 'haproxy.cfg'), '-db']);
}

async function startCaddy(port: number): Promise<Program> {
  const text = await recipe('Caddyfile', {
    ...addresses(),
    'chat.example.org {': `localhost {\ntls ${folder}/cert.pem ${folder}/key.pem`,
  });
  const options = `{\nadmin off\nhttps_port ${port}\nhttp_port ${port + 1}\nstorage file_system ${folder}\n}\n`;
  await writeFile(join(folder, 'Caddyfile'), options + text);
  return new Program('caddy', ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')]);
}

async function startTraefik(port: number): Promise<Program> {
  const routes = await recipe('traefik/parley.yml', {
    ...addresses(),
    'chat.example.org`': 'localhost`',
    '/etc/traefik/chat.example.org.pem': join(folder, 'cert.pem'),
    '/etc/traefik/chat.example.org.key': join(folder, 'key.pem'),
  });
  const text = await recipe('traefik/traefik.yml', {
    '":443"': `"127.0.0.1:${port}"`,
    '":80"': `"127.0.0.1:${port + 1}"`,
    '/etc/traefik/parley.yml': join(folder, 'parley.yml'),
  });
  await writeFile(join(folder, 'parley.yml'), routes);
  await writeFile(join(folder, 'traefik.yml'), text);
  return new Program('traefik', [`--configFile=${join(folder, 'traefik.yml')}`]);
}

const proxies = [
  { name: 'nginx', start: startNginx, log: () => readFile(join(folder, 'nginx-parley.log'), 'utf8') },
  { name: 'haproxy', start: startHaproxy, log: async () => running.get('haproxy')?.program.said ?? '' },
  { name: 'caddy', start: startCaddy, log: undefined },
  { name: 'traefik', start: startTraefik, log: undefined },
].map((one) => ({ ...one, isHere: spawnSync('sh', ['-c', `command -v ${one.name}`]).status === 0 }));
const here = proxies.filter(({ isHere }) => isHere);

/** The proxies that run, by name, and their ports. */
const running = new Map<string, { readonly program: Program; readonly port: number }>();

/** Starts a proxy. Resolves once it passes requests. */
async function startProxy(name: string, start: (port: number) => Promise<Program>): Promise<void> {
  const port = await freePorts(2);
  const program = await start(port);
  running.set(name, { program, port });
  const isServing = async () => {
    const client = await ProxiedClient.open(port, certificate);
    const { status } = await client.send('GET', '/').whole();
    client.close();
    return status === 200;
  };
  await until(async () => {
    if (program.child.exitCode !== null) throw new Error(program.said);
    return isServing().catch(() => false);
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-proxies-'));
  const { certificate: path, tls } = selfSigned(folder);
  certificate = await readFile(path);
  await writeFile(join(folder, 'both.pem'), Buffer.concat([tls.cert, tls.key]));
  const env = { PARLEY_PROXIES: '127.0.0.1/32', PARLEY_URL_TOKENS: 'on', PARLEY_GUESTS: 'on' };
  rig = await InboxRig.start({ env });
  users = (await rig.trio.startUserService()).grpc;
  await rig.restartGateway(); // It has started before the user-service.
  for (const { name, start } of here) await startProxy(name, start);
});
afterAll(async () => {
  for (const { program } of running.values()) {
    program.child.kill('SIGTERM');
    await program.exited;
  }
  await rig?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(proxies)('the recipe for $name', ({ name, log, isHere }) => {
  const check = isHere ? test : test.skip;
  let port: number;
  let client: ProxiedClient;
  let ann: TestPerson;
  let bob: TestPerson;

  beforeAll(async () => {
    if (!isHere) return;
    port = running.get(name)?.port ?? 0;
    client = await ProxiedClient.open(port, certificate);
    [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  });
  afterAll(() => client?.close());

  const json = ({ token }: TestPerson) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
  const rest = (person: TestPerson, method: string, path: string, body: object) =>
    client.send(method, `/api/v1${path}`, json(person), Buffer.from(JSON.stringify(body))).whole();

  check('passes the page, and redirects plain HTTP', async () => {
    const page = await client.send('GET', '/').whole();
    expect([page.status, page.bytes.toString()]).toEqual([200, expect.stringContaining('<html')]);
    const plain = await fetch(`http://localhost:${port + 1}/`, { redirect: 'manual' });
    expect([301, 308]).toContain(plain.status);
  });

  check('passes logins by gRPC, gRPC-Web and REST, with the address of the user', async () => {
    const userId = `proxied-${name}`;
    const register = RegisterRequest.encode(RegisterRequest.fromPartial({ userId, name: userId, password })).finish();
    const registered = await client.call('/chat.v1.UserService/Register', register, native).whole();
    expect(registered.headers).toMatchObject({ 'grpc-status': '0' });
    const login = LoginRequest.encode(LoginRequest.fromPartial({ userId, password })).finish();
    for (const [path, type] of [
      ['/chat.v1.UserService/Login', native],
      ['/UserService/Login', native],
    ] as const)
      expect((await client.call(path, login, type).whole()).headers).toMatchObject({ 'grpc-status': '0' });
    const inPage = await client.call('/chat.v1.UserService/Login', login, web).whole();
    expect(LoginResponse.decode(inPage.bytes.subarray(5, 5 + inPage.bytes.readUInt32BE(1))).token).not.toBe('');
    const body = Buffer.from(JSON.stringify({ user_id: userId, password }));
    const byRest = await client.send('POST', '/api/v1/sessions', { 'content-type': 'application/json' }, body).whole();
    expect([byRest.status, byRest.bytes.toString()]).toEqual([201, expect.any(String)]);
    const from = await rig.sql('SELECT address FROM chat.session WHERE user_id = $1', [userId]);
    expect(from).toEqual(Array(4).fill({ address: ProxiedClient.address }));
  });

  check('passes native streams, however much they carry', async () => {
    const { id } = await rig.trio.create(ann, `native ${name}`);
    const options = { events: true, address: `localhost:${port}`, ca: certificate };
    const enter = async (person: TestPerson) => new Chatter(await rig.trio.listen(person, id), options);
    const [one, other] = [await enter(ann), await enter(bob)];
    const text = 'x'.repeat(60_000); // 18 of these are more than nginx allows by default.
    for (let n = 0; n < 18; n++) expect((await one.ask(text)).seq).toBe(n + 1);
    await other.find(({ seq }) => seq === 18);
    await Promise.all([one.leave(), other.leave()]);
    const inbox = await InboxClient.open(`localhost:${port}`, ann, {}, certificate);
    await inbox.cut();
  });

  check('refuses calls between services, and unknown calls, over native gRPC', async () => {
    const paths = ['Report', 'Locate'].map((one) => `/chat.v1.ChannelService/${one}`);
    paths.push('/ChannelService/Report', '/chat.v1.AdminService/ListServers', '/grpc.health.v1.Health/Check', '/x');
    for (const one of ['Add', 'Remove', 'Disconnect', 'Drain', 'Relay', 'ShowReceipt'])
      paths.push(`/chat.v1.ChatService/${one}`);
    for (const path of paths) {
      const { status } = await client.call(path, new Uint8Array(), native, ann.token).whole();
      expect([path, status]).toEqual([path, 404]); // Clients show UNIMPLEMENTED.
    }
  });

  check('passes gRPC-Web and server-sent events without a delay', async () => {
    const { id } = await rig.trio.create(ann, `web ${name}`);
    const { token = '' } = await rig.trio.listen(ann, id);
    const subscribed = client.call('/chat.v1.ChatService/Subscribe', new Uint8Array(), web, token);
    await until(() => subscribed.bytes.length > 0);
    const said = Message.encode(Message.fromPartial({ data: Buffer.from('over gRPC-Web') })).finish();
    await client.call('/chat.v1.ChatService/Send', said, web, token).whole();
    await subscribed.says('over gRPC-Web');
    subscribed.cancel();

    const group = await rig.group(ann, [bob]);
    const events = client.send('GET', `/events?token=${bob.token}`);
    await until(() => events.status === 200);
    expect((await rest(ann, 'POST', `/channels/${group}/messages`, { text: 'over SSE' })).status).toBe(201);
    await events.says('over SSE');
    events.cancel();
  });

  check.each([
    ['/connect', 'parley.v1.json'],
    ['/chatserver', ''],
    ['/ws/eve', ''],
    ['/realtime', ''],
  ])('passes WebSockets at %s', async (path, protocol) => {
    const protocols = protocol === '' ? [] : [protocol, `bearer.${ann.token}`];
    const options = { ca: certificate, origin: `https://localhost:${port}` };
    const socket = new WebSocket(`wss://localhost:${port}${path}`, protocols, options);
    const opened = new Promise<string>((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('error', ({ message }) => resolve(message));
    });
    expect(await opened).toBe('open');
    if (path === '/connect') {
      const answered = new Promise<string>((resolve) => {
        socket.once('message', (bytes) => resolve(String(bytes)));
        socket.once('close', (code) => resolve(`closed with ${code}`));
      });
      socket.send('{"watch":{}}');
      expect(await answered).toContain('welcome');
    }
    socket.terminate();
  });

  check('passes an upload by tus in two parts, larger than the limits of proxies', async () => {
    const bytes = randomBytes(3 * mebibyte);
    const tus = { authorization: `Bearer ${ann.token}`, 'tus-resumable': '1.0.0' };
    const created = client.send('POST', '/api/v1/uploads', { ...tus, 'upload-length': String(bytes.length) });
    const location = String((await created.whole()).headers.location);
    for (const [from, to] of [
      [0, 2 * mebibyte],
      [2 * mebibyte, bytes.length],
    ] as const) {
      const headers = { ...tus, 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' };
      const sent = await client.send('PATCH', location, headers, bytes.subarray(from, to)).whole();
      expect([sent.status, sent.headers['upload-offset']]).toEqual([204, String(to)]);
    }
    const path = `${location.replace('uploads', 'files')}/content`;
    const { status, bytes: got } = await client.send('GET', path, { authorization: tus.authorization }).whole();
    expect([status, got.equals(bytes)]).toEqual([200, true]);
  });

  const checkLog = isHere && log !== undefined ? test : test.skip;
  checkLog('logs no token and no address of a webhook', async () => {
    await client.send('POST', '/hooks/hook_secret', {}, Buffer.from('{}')).whole();
    await client.send('GET', '/api/chats?token=secret').whole();
    await until(async () => (await log?.())?.includes('/api/chats') === true);
    expect(await log?.()).not.toContain('secret');
  });
});

(here.length > 0 ? test : test.skip)('while no gateway responds, events get an empty stream', async () => {
  await rig.gateway.stop();
  for (const [name, { port }] of running) {
    if (name === 'traefik') continue; // It cannot answer by itself, see docs/proxies.md.
    const client = await ProxiedClient.open(port, certificate);
    await until(async () => (await client.send('GET', '/events').whole()).bytes.toString() === 'retry: 2000\n\n');
    client.close();
  }
});
