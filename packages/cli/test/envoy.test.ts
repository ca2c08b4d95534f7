import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Ack, AdminService, ChannelService, ChatService, InboxEvent, Message, WatchRequest } from '@parley/contract';
import { createPool, DatabaseClock, type Pool } from '@parley/database';
import { type JoinClaims, joinToken, SigningKey } from '@parley/service-kit';
import {
  Authority,
  Chatter,
  freePorts,
  type ServiceProcess,
  type TestPerson,
  Trio,
  until,
  WebStream,
  webCall,
} from '@parley/testkit';
import { type EnvoyAddresses, writeEnvoyConfig } from '../src/launcher/envoy/config.js';
import { projectFolder } from '../src/launcher/options.js';
import { SupervisedProcess } from '../src/launcher/service-process.js';

const run = promisify(execFile);

function onPath(program: string): string {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
const binary = onPath('envoy');
const describeEnvoy = binary === '' ? describe.skip : describe;

describeEnvoy('the real Envoy, with mutual TLS to and between the services', () => {
  let trio: Trio;
  let folder: string;
  let envoy: SupervisedProcess;
  let addresses: EnvoyAddresses;
  let url: string;
  let address: string;
  let pool: Pool;
  let key: SigningKey<JoinClaims>;
  let gateways: ServiceProcess[];

  const startGateway = (name: string, opsPort: number) =>
    trio.startGateway({
      ...{ PARLEY_NAME: name, PARLEY_ADMIN_PORT: String(opsPort), PARLEY_PROXIES: '127.0.0.0/8' },
      PARLEY_URL_TOKENS: 'on',
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-envoy-'));
    const { ca, env: tls } = await makeCertificates();
    trio = await Trio.start({ chatServers: 4, env: tls, ca: await readFile(ca) });
    const users = await trio.startUserService();
    const port = await freePorts(3);
    gateways = [await startGateway('edge-1', port + 1), await startGateway('edge-2', port + 2)];
    const hostOf = ({ http }: ServiceProcess) => new URL(http).host;
    const clusters = {
      'user-service': [users.grpc],
      'channel-service': trio.managers.map(({ grpc }) => grpc),
      'chat-service': trio.chatServers.map(({ grpc }) => grpc),
      gateway: gateways.map(hostOf),
      inbox: gateways.map(({ grpc }) => grpc),
    };
    const opsPorts = Object.fromEntries(gateways.map((one, at) => [hostOf(one), port + 1 + at]));
    const serviceTls = { ca, ip: '127.0.0.1' };
    addresses = { host: '127.0.0.1', port, clusters, opsPorts, serviceTls };
    envoy = await envoyOf('envoy', addresses);
    url = (await envoy.start()).http ?? '';
    address = new URL(url).host;
    pool = createPool({ url: trio.database.urlFor('chat_manager'), applicationName: 'test signer', max: 1 });
    key = new SigningKey(joinToken, randomUUID(), pool, await DatabaseClock.start(pool));
    await key.start();
    await untilTrusted();
  });

  afterAll(async () => {
    await envoy?.stop();
    await pool?.end();
    await trio?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Makes the certificate that all services share. */
  async function makeCertificates() {
    const home = join(folder, 'ca');
    await mkdir(home);
    const authority = new Authority(home);
    authority.issue('service', {});
    const ca = authority.file('root');
    const own = { PARLEY_TLS_CERT: authority.file('service'), PARLEY_TLS_KEY: authority.keyFile('service') };
    return { ca, env: { ...own, PARLEY_TLS_CA: ca, PARLEY_TLS_CLIENT_CA: ca } };
  }

  async function envoyOf(name: string, to: EnvoyAddresses): Promise<SupervisedProcess> {
    const config = await writeEnvoyConfig(join(folder, name), to);
    const main = join(projectFolder, 'packages/cli/dist/src/launcher/envoy/main.js');
    const env = { PATH: process.env.PATH, ENVOY_BINARY: binary, ...config };
    const ignore = () => {};
    return new SupervisedProcess({ name, main, env, logFile: join(folder, `${name}.log`) }, ignore, ignore);
  }

  /** Waits until the proxy trusts a new key, which it reads within two seconds. */
  async function untilTrusted(): Promise<void> {
    const ann = await trio.people.make('key-ann');
    for (let tries = 0; tries < 100; tries++) {
      if ((await send(await signed(ann, undefined))).http === 403) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the new key was never trusted');
  }

  function signed(person: TestPerson, route: unknown): Promise<string> {
    const claims = {
      sub: person.id,
      num: person.number,
      sid: person.sessionId,
      ch: 1,
      jti: randomUUID(),
      timestamp: Date.now(),
    };
    return key.sign({ ...claims, ...(route === undefined ? {} : { route }) } as JoinClaims, randomUUID());
  }

  const said = Message.encode(Message.fromPartial({ data: Buffer.from('x') })).finish();
  const send = (token?: string, headers = {}) => webCall(`${url}/chat.v1.ChatService/Send`, said, { token, headers });

  test('accepts envoy.yaml unchanged', async () => {
    const { stderr } = await run(binary, ['--mode', 'validate', '-c', join(projectFolder, 'envoy.yaml')]);
    expect(stderr).not.toMatch(/deprecated/i);
    await run(binary, ['--mode', 'validate', '-c', join(folder, 'envoy', 'envoy.json')]);
  });

  test('accepts envoy.yaml with all its blocks for TLS', async () => {
    const text = await readFile(join(projectFolder, 'envoy.yaml'), 'utf8');
    const block = /^( +)# (transport_socket:.*\n(?:\1# {3}.*\n)*)/gm;
    const withTls = text.replace(block, (lines) => lines.replaceAll('# ', ''));
    const files = { 'services-ca.pem': 'root.pem', 'cert.pem': 'service.pem', 'key.pem': 'service.key' };
    const file = join(folder, 'tls.yaml');
    const named = Object.entries(files).reduce(
      (all, [from, to]) => all.replaceAll(`: ${from}`, `: ${folder}/ca/${to}`),
      withTls,
    );
    expect(named.match(/^ +transport_socket:/gm)).toHaveLength(7); // the listener, five clusters, and the ops ports
    await writeFile(file, named);
    await run(binary, ['--mode', 'validate', '-c', file]);
  });

  test('routes every Subscribe to the chat server in its token, whatever the page sends', async () => {
    const people = await trio.people.makeMany('via', 40);
    const hosts = trio.chatServers.map(({ grpc }) => Buffer.from(grpc).toString('base64'));
    const landed = await Promise.all(
      people.map(async (person, n) => {
        const { id } = await trio.create(person, `via ${n}`);
        const { token = '', server } = await trio.listen(person, id);
        const headers = { 'x-chat-route': hosts[n % 4] ?? '' };
        const options = { token, headers, text: n % 2 === 0 };
        const page = new WebStream(`${url}/chat.v1.ChatService/Subscribe`, new Uint8Array(), options);
        await page.find(({ welcome }) => welcome !== undefined);
        let accepted = 0;
        await until(async () => {
          const { trailers, messages } = await send(token, headers);
          expect(trailers['grpc-status']).toBe('0');
          if (Ack.decode(messages[0] ?? Buffer.alloc(0)).refusal === undefined) accepted += 1; // On a busy machine, it may be `paused` instead.
          return accepted === 5;
        });
        await page.find(({ seq }) => seq === 5);
        page.cancel();
        return server?.addr;
      }),
    );
    expect(new Set(landed).size).toBeGreaterThan(2);
  });

  test('refuses a call that names no chat server, and never picks one', async () => {
    const ann = await trio.people.make('envoy-ann');
    const base64 = (host: string) => Buffer.from(host).toString('base64');
    const cases: [http: number, code: string, token: string | undefined][] = [
      [401, '16', undefined],
      [401, '16', ann.token],
      [403, '7', await signed(ann, undefined)],
      [403, '7', await signed(ann, '')],
      [403, '7', await signed(ann, 7)],
      [403, '7', await signed(ann, trio.chatServers[0]?.grpc)],
      [503, '14', await signed(ann, base64(String(trio.managers[0]?.grpc)))],
      [503, '14', await signed(ann, base64('169.254.169.254:80'))],
    ];
    for (const [http, code, token] of cases) {
      for (let tries = 0; tries < 5; tries++) {
        const { http: answered, headers, trailers } = await send(token);
        expect([answered, trailers['grpc-status'], headers.get('x-chat-route')]).toEqual([http, code, null]);
      }
    }
    const elsewhere = await send(await signed(ann, base64(String(trio.chatServers[0]?.grpc))));
    expect(elsewhere).toMatchObject({ http: 200, trailers: { 'grpc-status': '10', 'chat-reason': 'moved' } });
  });

  const internal = ['Report', 'Locate', 'Add', 'Remove', 'Disconnect', 'Drain', 'Relay'];
  const ofServices = [ChannelService, ChatService]
    .flatMap((service) => Object.values(service).map(({ path }) => path))
    .filter((path) => internal.includes(path.split('/')[2] ?? ''));
  test.each([
    ...ofServices,
    ...ofServices.map((path) => path.replace('chat.v1.', '')),
    ...Object.values(AdminService).map(({ path }) => path),
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
  ])('%s is not available to pages or gRPC clients', async (path) => {
    expect(await webCall(url + path, said)).toMatchObject({ http: 404, trailers: { 'grpc-status': '12' } });
    const client = new Client(address, credentials.createInsecure());
    const error = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        path,
        (bytes: Buffer) => bytes,
        (bytes) => bytes,
        Buffer.from(said),
        new Metadata(),
        resolve,
      ),
    );
    client.close();
    expect(error).toMatchObject({ code: 12, details: 'unknown method' });
  });

  test('passes native gRPC calls through, with and without the name of the package', async () => {
    const [ann, bob] = [await trio.people.make('native-ann'), await trio.people.make('native-bob')];
    const { id } = await trio.create(ann, 'native');
    const one = new Chatter(await trio.listen(ann, id), { events: true, address });
    const other = new Chatter(await trio.listen(bob, id), { events: true, address, original: true });
    await Promise.all([one, other].map((chatter) => chatter.find(({ welcome }) => welcome !== undefined)));
    one.send('through');
    await other.find(({ seq }) => seq === 1);
    expect(await other.leave()).toMatchObject({ code: 0 });
    await one.leave();
  });

  test("serves the gateway's page, and answers preflights of exactly the listed origins", async () => {
    expect((await fetch(`${url}/.well-known/jwks.json`)).status).toBe(200);
    const preflight = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      const { headers: answer } = await fetch(`${url}/chat.v1.UserService/Login`, { method: 'OPTIONS', headers });
      return answer.get('access-control-allow-origin');
    };
    expect(await preflight('http://localhost:8080')).toBe('http://localhost:8080');
    for (const origin of ['null', 'http://localhost:8080.evil.example', 'https://localhost:8080'])
      expect(await preflight(origin)).toBeNull();
  });

  test('passes REST through with every method, and answers its preflights', async () => {
    const ann = await trio.people.make('rest-ann');
    const headers = { authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' };
    const call = (method: string, path: string, json?: object) =>
      fetch(`${url}/api/v1${path}`, { method, headers, ...(json !== undefined && { body: JSON.stringify(json) }) });
    const { id } = (await (await call('POST', '/channels', { name: 'rest', kind: 'group' })).json()) as { id: number };
    const at = `/channels/${id}`;
    const sent = (await (await call('POST', `${at}/messages`, { text: 'hi' })).json()) as { seq: number };
    const liked = await call('PUT', `${at}/messages/${sent.seq}/reactions/${encodeURIComponent('👍')}`);
    expect([liked.status, (await call('GET', `${at}/messages`)).status]).toEqual([204, 200]);
    expect((await call('PATCH', at, { name: 'renamed' })).status).toBe(200);
    expect((await call('PURGE', at)).status).toBe(405);
    expect((await call('DELETE', at)).status).toBe(204);
    const asked = { origin: 'http://localhost:8080', 'access-control-request-method': 'PATCH' };
    const preflight = await fetch(`${url}/api/v1/me`, { method: 'OPTIONS', headers: asked });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
  });

  test('passes the calls and the events of document 001 through', async () => {
    const [ann, bob] = [await trio.people.make('events-ann'), await trio.people.make('events-bob')];
    const response = await openEvents(bob.token);
    const headers = { authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' };
    const post = async (path: string, json: object) =>
      (await fetch(`${url}/api${path}`, { method: 'POST', headers, body: JSON.stringify(json) })).json();
    const { id } = (await post('/chats', { members: [ann.number, bob.number] })) as { id: number };
    await post(`/chats/${id}`, { content: 'through Envoy' });
    expect(response.statusCode).toBe(200);
    await until(() => /event: NewMessage\ndata: .*"through Envoy"/.test(response.text));
    response.destroy();
  });

  /** Opens the events of a user. Returns the response, with the text that has arrived. */
  function openEvents(token: string): Promise<{ statusCode: number; text: string; destroy(): void }> {
    return new Promise((resolve, reject) => {
      get(`${url}/events?token=${token}`, { agent: false }, (response) => {
        const opened = { statusCode: response.statusCode ?? 0, text: '', destroy: () => response.destroy() };
        response.setEncoding('utf8').on('data', (part: string) => {
          opened.text += part;
        });
        resolve(opened);
      }).on('error', reject);
    });
  }

  /** Watches an inbox through Envoy. */
  function watch({ token }: Pick<TestPerson, 'token'>, after = '') {
    const body = WatchRequest.encode(WatchRequest.fromPartial({ after })).finish();
    const path = `${url}/chat.v1.InboxService/Watch`;
    return new WebStream<InboxEvent>(path, body, { token }, (bytes) => InboxEvent.decode(bytes));
  }

  /** Opens a WebSocket at /connect and sends `watch`. Returns the first event. */
  function connectSocket({ token }: Pick<TestPerson, 'token'>): Promise<string> {
    const asked = get(`${url}/connect`, {
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'sec-websocket-protocol': `parley.v1.json, bearer.${token}`,
      },
    });
    const watchCommand = Buffer.from('{"watch":{}}');
    const maskOfZeros = Buffer.alloc(4);
    return new Promise((resolve, reject) => {
      asked.on('error', reject).on('response', ({ statusCode }) => resolve(`HTTP ${statusCode}`));
      asked.on('upgrade', (_response, socket, head) => {
        let said = head.toString('latin1');
        const read = () => {
          const [word] = /"welcome"|"reason":"[\w-]+"/.exec(said) ?? [];
          if (word === undefined) return;
          resolve(word.replace('"reason":', '').replaceAll('"', ''));
          socket.destroy();
        };
        socket.on('error', reject).on('data', (bytes: Buffer) => {
          said += bytes.toString('latin1');
          read();
        });
        socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | watchCommand.length]), maskOfZeros, watchCommand]));
        read();
      });
    });
  }

  test('a drained gateway gets no new streams, its clients resume at the other gateway, and pages still load', async () => {
    const ann = await trio.people.make('edge-ann');
    const before = Array.from({ length: 20 }, () => watch(ann));
    await Promise.all(before.map((one) => one.find(({ id }) => id !== '')));
    const inboxes = async () =>
      (await trio.people.sql('SELECT name, inboxes FROM chat.gateway ORDER BY name')).map((row) => Number(row.inboxes));
    await until(async () => (await inboxes()).reduce((sum, one) => sum + one) === 20 && !(await inboxes()).includes(0));
    const [onFirst = 0] = await inboxes();
    await trio.people.sql("UPDATE chat.gateway SET drain = true WHERE name = 'edge-1'");
    await until(async () => (await inboxes())[0] === 0);
    const ended: string[] = [];
    for (const one of before) void one.ended.then((trailers) => ended.push(String(trailers['chat-reason'])));
    await until(() => ended.length === onFirst);
    expect(new Set(ended)).toEqual(new Set(['draining']));
    const people = await trio.people.makeMany('edge', 30); // Streams of one token are limited.
    const outcomes = async (person: TestPerson) => {
      const again = watch(person);
      const watched = again.find(({ welcome }) => welcome !== undefined).then(() => 'welcome');
      const outcome = await Promise.race([watched, again.ended.then((trailers) => trailers['chat-reason'])]);
      again.cancel();
      return [outcome, await connectSocket(person)];
    };
    const all = async () => (await Promise.all(people.map(outcomes))).flat();
    await until(async () => (await all()).every((one) => one === 'welcome')); // Envoy needs a while to notice.
    expect(new Set(await all())).toEqual(new Set(['welcome']));
    gateways[0]?.kill('SIGKILL');
    for (let times = 0; times < 20; times++) expect((await fetch(`${url}/.well-known/jwks.json`)).status).toBe(200);
    await trio.people.sql("UPDATE chat.gateway SET drain = true WHERE name = 'edge-2'");
    await until(async () => (await connectSocket(ann)) === 'draining');
    expect((await fetch(`${url}/.well-known/jwks.json`)).status).toBe(200);
  });

  test('passes nothing to a service whose certificate names another address', async () => {
    const [port, serviceTls] = [await freePorts(1), { ca: addresses.serviceTls?.ca ?? '', ip: '127.0.0.2' }];
    const other = await envoyOf('other', { ...addresses, port, serviceTls });
    const { http } = await other.start();
    const statuses = await Promise.all(
      ['/api/v1/sessions', '/chat.v1.UserService/Login'].map(
        async (path) => (await webCall(`${http}${path}`, said)).http,
      ),
    );
    expect(statuses).toEqual([503, 503]);
    await other.stop();
  });

  test('never logs a token', async () => {
    const log = await readFile(join(folder, 'envoy.log'), 'utf8');
    expect(log).toMatch(/"path":"\/chat\.v1\.ChatService\/Send"/);
    expect(log).not.toMatch(/eyJ|authorization/i);
  });

  test('while no gateway responds, Envoy tells an EventSource to reconnect, and other calls get an error', async () => {
    const ann = await trio.people.make('nobody-there');
    for (const one of gateways) one.kill('SIGKILL');
    await until(async () => (await fetch(`${url}/api/v1/me`)).status === 503);
    const response = await openEvents(ann.token);
    await until(() => response.text !== '');
    expect([response.statusCode, response.text]).toEqual([200, 'retry: 2000\n\n']);
  });
});
