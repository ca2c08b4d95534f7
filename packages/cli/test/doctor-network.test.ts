/** `parley doctor`: faults of names, ports, TLS, HTTP/2, gRPC and proxies, each provoked for real. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2, createSecureServer } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { Authority, freePorts, listen, Program, Trio, until } from '@parley/testkit';
import { complaints, diagnose, type Given } from './doctor-rig.js';
import { type FrontFaults, WebFront } from './web-front.js';

let trio: Trio;
let folder: string;
let ca: Authority;
let real: { readonly userService: string; readonly manager: string };
let gateway: string;
let login: string;
let people = 0;
let afterEachTest: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
  ca = new Authority(folder);
  trio = await Trio.start();
  const { grpc } = await trio.startUserService();
  real = { userService: grpc, manager: String(trio.managers[0]?.grpc) };
  gateway = (await trio.startGateway()).http;
});
/** Each test has a user of its own, because a user may open only a few streams at once. */
beforeEach(async () => {
  people += 1;
  const { id, token } = await trio.people.make(`ann-${people}`);
  login = join(folder, `${id}.json`);
  await writeFile(login, JSON.stringify({ user_id: id, name: id, token }));
});
afterEach(async () => {
  for (const end of afterEachTest) await end();
  afterEachTest = [];
});
afterAll(async () => {
  await trio?.stop();
  await rm(folder, { recursive: true });
});

/** Listens with a server until the test ends. Returns its address. */
async function addressOf(server: Server): Promise<string> {
  const { address, close } = await listen(server);
  afterEachTest.push(close);
  return address;
}

/** Starts a proxy in front of the gateway until the test ends. Returns its URL. */
async function front(faults: FrontFaults): Promise<string> {
  const started = await WebFront.start(gateway, faults);
  afterEachTest.push(() => started.stop());
  return started.url;
}

test('finds no fault in a healthy system, also through a proxy with TLS and with the stored login', async () => {
  const url = await front({ tls: ca.issue('sound', {}) });
  const given = { ...real, gateway, login, database: trio.database.ownerUrl };
  const lines = await diagnose(given);
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([
    expect.stringMatching(/^skipped tls: TLS: No address is reached with TLS/),
    expect.stringMatching(/^skipped tls of services: .*PARLEY_TLS_CA is not set/),
    expect.stringMatching(/^skipped rights: passwords: /),
    expect.stringMatching(/^fault durability: .*: fsync is off\. A power cut can damage/), // as all tests have it
    expect.stringMatching(/^skipped redis: /),
    expect.stringMatching(/^skipped disk: /),
    expect.stringMatching(/^skipped settings: /),
    expect.stringMatching(/^skipped processes: /),
  ]);
  expect(lines.length).toBeGreaterThanOrEqual(35);
  const secure = await diagnose({
    gateway: url,
    login,
    ca: ca.file('root'),
    only: ['tls', 'web', 'grpc-web', 'websocket', 'streams', 'idle', 'sizes'],
  });
  expect(secure.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(secure.length).toBeGreaterThanOrEqual(11);
});

describe('the services', () => {
  const cases: Record<string, { given: () => Promise<Given>; finds: string }> = {
    'a name that does not resolve': {
      given: async () => ({ ...real, manager: 'manager.invalid:50052' }),
      finds: 'fault names: manager.invalid: The name does not resolve. Correct the name, or add it to your DNS.',
    },
    'a port where nothing listens': {
      given: async () => ({ ...real, manager: `127.0.0.1:${await freePorts(1)}` }),
      finds: 'Nothing listens on that port. Start the process that should listen there, or correct the address.',
    },
    'a server of HTTP/1.1': {
      given: async () => ({ ...real, manager: new URL(gateway).host }),
      finds: 'fault http/2: .*The server does not speak HTTP/2 .*nginx: grpc_pass, not proxy_pass',
    },
    'a service that requires TLS': {
      given: async () => ({
        ...real,
        manager: await addressOf(createTls({ ...ca.issue('service', {}), ALPNProtocols: ['h2'] })),
      }),
      finds: 'fault http/2: .*The server requires TLS. Give --tls, or --ca FILE',
    },
    'a user-service and a manager that are swapped': {
      given: async () => ({ userService: real.manager, manager: real.manager }),
      finds:
        'fault grpc: .*does not serve the calls of a user-service. Correct the address .*, or let the proxy pass /chat.v1.UserService/Get',
    },
  };
  test.each(Object.entries(cases))('finds %s', async (_title, { given, finds }) => {
    expect(await complaints(await given())).toEqual([expect.stringMatching(finds)]);
  });

  test('finds services without TLS where TLS is expected', async () => {
    const found = await complaints({ ...real, tls: true });
    expect(found).toEqual(
      [0, 1].map(() =>
        expect.stringMatching('fault tls: .*The server does not speak TLS on that port. Leave out --tls'),
      ),
    );
  });

  test('finds a server that never responds, within the given time', async () => {
    const manager = await addressOf(createServer());
    const found = await complaints({ manager, userService: manager, timeout: 1, only: ['http/2', 'grpc', 'idle'] });
    expect(found).toEqual([0, 1].map(() => expect.stringMatching('fault http/2: .*There was no response within 1 s')));
  });

  test('finds a login that has ended', async () => {
    const { id, token, sessionId } = await trio.people.make('ben');
    await trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [sessionId]);
    const ended = join(folder, 'ended.json');
    await writeFile(ended, JSON.stringify({ user_id: id, name: id, token }));
    const [found = '', ...others] = await complaints({ ...real, gateway, login: ended });
    expect([found, others]).toEqual([
      expect.stringMatching(/^fault login: ben: .*Log in again with `npx parley login`/),
      [],
    ]);
  });
});

test('finds certificates with which services cannot reach each other', async () => {
  const sound = await addressOf(createTls(ca.issue('sound manager', {})));
  const late = await addressOf(createTls(ca.issue('late manager', { to: 10 })));
  const other = await addressOf(createTls(ca.issue('other manager', { names: 'DNS:manager.internal' })));
  const env = { PARLEY_TLS_CA: ca.file('root'), PARLEY_MANAGERS: [sound, late, other].join(',') };
  expect(await complaints({ env, database: trio.database.ownerUrl, only: ['tls of services'] })).toEqual([
    expect.stringMatching(`^warning tls of services: manager ${late}: The certificate expires on`),
    expect.stringMatching(`^fault tls of services: manager ${other}: The certificate is for other names`),
    expect.stringMatching(
      '^fault tls of services: chat-1 .*: The server does not speak TLS on that port. Set PARLEY_TLS_CERT and',
    ),
  ]);
});

/** Says that a chat server serves, with this address for clients, until the test ends. */
async function serving(addr: string | undefined, internal: string, tls = false): Promise<void> {
  const more = `INSERT INTO chat.server (instance_id, name, addr, internal_addr, tls, lease_until)
    VALUES (gen_random_uuid(), 'another', $1, $2, $3, now() + interval '1 hour')`;
  await trio.people.sql(more, [addr, internal, tls]);
  afterEachTest.push(() => trio.people.sql("DELETE FROM chat.server WHERE name = 'another'"));
}

const chatServers = async () => {
  const lines = await diagnose({ database: trio.database.ownerUrl, only: ['chat servers'] });
  return lines.filter((line) => !line.startsWith('ok chat servers: chat-1 '));
};

test('finds an address that two chat servers give to clients, if it reaches only one of them', async () => {
  const addr = trio.chatServers[0]?.grpc;
  await serving(addr, String(addr)); // the dead process of a server that was restarted
  expect(await chatServers()).toEqual([expect.stringMatching('^ok ')]);
  await serving(addr, '127.0.0.1:1');
  const [, , found] = await chatServers();
  expect(found).toMatch(
    /^fault chat servers: another, another, chat-1 .*: Several chat servers have .*own PARLEY_ADDR/,
  );
});

test('finds no fault in several chat servers at the address of an Envoy, which refuses a call without a token itself', async () => {
  const envoy = createHttp2();
  const refusal = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': '16',
    'grpc-message': 'Jwt is missing',
  };
  envoy.on('stream', (stream) => stream.respond(refusal, { endStream: true }));
  const { address, close } = await listen(envoy);
  afterEachTest.push(close);
  for (const internal of ['127.0.0.1:1', '127.0.0.1:2']) await serving(address, internal);
  expect(await chatServers()).toEqual([0, 1].map(() => expect.stringMatching('^ok chat servers: another ')));
});

test('finds a chat server whose certificate is not trusted, and says what to give for an authority of your own', async () => {
  await serving(await addressOf(createSecureServer(ca.issue('chat', {}))), '127.0.0.1:1', true);
  expect(await chatServers()).toEqual([
    expect.stringMatching(
      /^fault chat servers: .*cannot use this address. The certificate is signed by root, which is not trusted, .*--ca FILE/,
    ),
  ]);
});

describe('the certificate of a gateway', () => {
  const day = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC';
  const cases: Record<string, { pair: () => { tls: ReturnType<Authority['issue']>; trusts?: string }; finds: string }> =
    {
      'that has expired': {
        pair: () => ({ tls: ca.issue('expired', { from: -90, to: -1 }) }),
        finds: `^fault tls: .*The certificate expired on ${day}. Renew the certificate.`,
      },
      'that is not valid yet': {
        pair: () => ({ tls: ca.issue('early', { from: 1 }) }),
        finds: `^fault tls: .*The certificate is not valid before ${day}. Set the clock`,
      },
      'that expires within two weeks': {
        pair: () => ({ tls: ca.issue('late', { to: 10 }) }),
        finds: `^warning tls: .*The certificate expires on ${day}. Renew`,
      },
      'of another host': {
        pair: () => ({ tls: ca.issue('other', { names: 'DNS:chat.example.org' }) }),
        finds: '^fault tls: .*The certificate is for other names \\(DNS:chat.example.org\\), not for 127.0.0.1.',
      },
      'whose chain lacks the intermediate authority': {
        pair: () => {
          ca.issue('middle', { isAuthority: true });
          return { tls: ca.issue('leaf', { by: 'middle' }) };
        },
        finds:
          '^fault tls: .*signed by middle, which is not trusted, .*If middle is an intermediate authority, let the server send',
      },
    };
  test.each(Object.entries(cases))('finds one %s', async (_title, { pair, finds }) => {
    const url = await front(pair());
    expect(await complaints({ gateway: url, ca: ca.file('root'), login })).toEqual([expect.stringMatching(finds)]);
  });

  test('finds one of an authority that is not trusted', async () => {
    const url = await front({ tls: ca.issue('strange', {}) });
    const found = await complaints({ gateway: url, login });
    expect(found).toEqual([
      expect.stringMatching(/^fault tls: .*signed by root, which is not trusted.*give it with --ca FILE/),
    ]);
  });

  test('finds a gateway without TLS', async () => {
    const found = await complaints({ gateway: gateway.replace('http:', 'https:'), login });
    expect(found).toEqual([expect.stringMatching('^fault tls: .*The server does not speak TLS on that port')]);
  });
});

describe('a proxy in front of the gateway', () => {
  const cases: Record<string, { faults: FrontFaults; finds: string[] }> = {
    'without WebSockets': {
      faults: { ignoresUpgrade: true },
      finds: ['^fault websocket: .*Let the proxy pass WebSockets at /connect'],
    },
    'that refuses large bodies': {
      faults: { bodyBytes: 1_048_576 },
      finds: [
        '^fault sizes: .*A proxy refuses uploads of that size \\(HTTP 413\\).*268435456 bytes \\(nginx: client_max_body_size',
      ],
    },
    'that refuses the largest message': {
      faults: { bodyBytes: 16_384 },
      finds: [
        '^fault sizes: .*a message of 64 KiB: A proxy refuses it as too large',
        '^fault sizes: .*A proxy refuses uploads',
      ],
    },
    'whose clock is wrong': {
      faults: { date: new Date(Date.now() + 3_600_000) },
      finds: ['^fault clocks: .*Its clock is 3\\d\\d\\d s ahead of the clock of this machine. Let both'],
    },
    'that changes the type of responses': {
      faults: { contentType: 'text/plain' },
      finds: ['^fault grpc-web: .*binary.*not one of Parley', '^fault grpc-web: .*text', '^fault streams: .*Watch'],
    },
    'that damages responses': {
      faults: { damage: (bytes) => Buffer.from(bytes.toString('latin1').toLowerCase().replaceAll('a', 'b'), 'latin1') },
      finds: [
        '^fault web: ',
        '^fault grpc-web: .*binary.*The response to a call arrives damaged',
        '^fault grpc-web: .*text.*damaged',
      ],
    },
  };
  test.each(Object.entries(cases))('finds one %s', async (_title, { faults, finds }) => {
    const found = await complaints({ gateway: await front(faults), login });
    expect(found).toEqual(finds.map((one) => expect.stringMatching(one)));
  });

  test('finds one that buffers streams', async () => {
    const found = await complaints({
      gateway: await front({ isBuffering: true }),
      login,
      timeout: 2,
      only: ['streams'],
    });
    expect(found).toEqual([0, 1].map(() => expect.stringMatching('^fault streams: .*no byte arrived within 2 s')));
    expect(found[0]).toContain('nginx: proxy_buffering off');
  });

  test('finds one that cuts idle connections', async () => {
    const found = await complaints({ gateway: await front({ cutAfterMs: 300 }), login, idle: 60, only: ['idle'] });
    expect(found).toEqual(
      [0, 1].map(() =>
        expect.stringMatching('^fault idle: .*An idle connection was cut after .* s.*proxy_read_timeout'),
      ),
    );
  });

  test('finds one that does not reach the gateway, and says it once', async () => {
    const dead = await WebFront.start((_request, response) => void response.writeHead(502, { server: 'nginx' }).end());
    afterEachTest.push(() => dead.stop());
    const found = await complaints({ gateway: dead.url, login });
    expect(found).toEqual([
      expect.stringMatching(
        '^fault web: .*A proxy \\(nginx\\) responds, but does not reach the gateway \\(HTTP 502\\)',
      ),
    ]);
  });

  test('finds one that sends clients elsewhere', async () => {
    const moved = await WebFront.start((request, response) => {
      response.writeHead(301, { location: `https://chat.example.org${request.url}` }).end();
    });
    afterEachTest.push(() => moved.stop());
    const found = await complaints({ gateway: moved.url, login });
    expect(found).toEqual([
      expect.stringMatching('^fault web: .*The server sends clients to https://chat.example.org/'),
    ]);
  });

  test('finds a server that is not Parley', async () => {
    const address = await addressOf(createHttp((_request, response) => void response.end('It works!')));
    const [first = ''] = await complaints({ gateway: `http://${address}`, only: ['web'] });
    expect(first).toMatch(/^fault web: .*The response is not one of Parley \(HTTP 200 from another program\)/);
  });
});

const hasWorked = () => true;
const hasFailed = () => false;
const hasNginx = spawnSync('nginx', ['-v']).status === 0;

(hasNginx ? test : test.skip)('finds what is wrong with an nginx that has only proxy_pass', async () => {
  const port = await freePorts(2);
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${folder}/nginx;`,
  );
  const pass = `proxy_pass ${gateway}; client_body_buffer_size 128k;`;
  const servers = [
    `listen 127.0.0.1:${port}; location / { ${pass} }`,
    `listen 127.0.0.1:${port + 1}; location / { ${pass} proxy_ignore_headers X-Accel-Buffering; }`,
  ];
  const config = `pid ${folder}/pid; error_log stderr; events {}
http { access_log off; ${folders.join(' ')} ${servers.map((one) => `server { ${one} }`).join(' ')} }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  const nginx = new Program('nginx', ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
  afterEachTest.push(async () => {
    nginx.child.kill('SIGTERM');
    await nginx.exited;
  });
  const [url, buffering] = [port, port + 1].map((one) => `http://127.0.0.1:${one}`);
  await until(() => fetch(String(url)).then(hasWorked, hasFailed));
  expect(await complaints({ gateway: String(url), login })).toEqual([
    expect.stringMatching('^fault websocket: .*nginx: proxy_http_version 1.1'),
    expect.stringMatching('^fault sizes: .*A proxy refuses uploads of that size \\(HTTP 413\\)'),
  ]);
  expect(await complaints({ gateway: String(buffering), login, timeout: 3, only: ['streams'] })).toEqual([
    expect.stringMatching('^fault streams: .*/events: Streams are buffered: no byte arrived within 3 s'),
    expect.stringMatching('^fault streams: .*/chat.v1.InboxService/Watch: Streams are buffered'),
  ]);
});
