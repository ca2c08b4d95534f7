import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js';
import { LoginRequest, LoginResponse, UserService } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { Metrics, silentLogger } from '@parley/runtime';
import { Certificates } from '../src/grpc/certificates.js';
import { GrpcServerBuilder } from '../src/grpc/server.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-tls-'));
const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
afterAll(() => rmSync(folder, { recursive: true }));

const plain = {
  ...{ HOST: '127.0.0.1', INSECURE: false },
  ...{ TLS_CERT: undefined, TLS_KEY: undefined, TLS_CA: undefined, TLS_CLIENT_CA: undefined },
};
type TlsSettings = ConstructorParameters<typeof Certificates>[0]['settings'];
const opened: Certificates[] = [];
afterEach(() => Promise.all(opened.splice(0).map((one) => one.stop())));

function open(settings: Partial<TlsSettings>, everyMs?: number): Certificates {
  const context = { settings: { ...plain, ...settings }, log: silentLogger(), metrics: new Metrics() };
  const certificates = new Certificates(context, everyMs);
  opened.push(certificates);
  return certificates;
}

async function withServer({ server: credentials }: Certificates, work: (port: number) => Promise<void>): Promise<void> {
  const builder = new GrpcServerBuilder({
    host: '127.0.0.1',
    port: 0,
    credentials,
    reflection: false,
    log: silentLogger(),
    metrics: new Metrics(),
    stopMs: 500,
  });
  builder.add(UserService, { login: async () => LoginResponse.create() });
  const server = await builder.start();
  await work(server.port).finally(() => server.stop());
}

async function login(address: string, channel: ChannelCredentials, withinMs = 5_000): Promise<void> {
  const client = new Client(address, channel);
  await callUnary(client, UserService.login, LoginRequest.create(), { withinMs }).finally(() => client.close());
}

test.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'])('allows listening on %s without TLS', (HOST) => {
  expect(() => open({ HOST })).not.toThrow();
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.example.org', 'localhost.example.org'])(
  'requires TLS to listen on %s',
  (HOST) => {
    expect(() => open({ HOST })).toThrow(`PARLEY_HOST=${HOST} can be reached by others`);
    expect(() => open({ HOST, INSECURE: true })).not.toThrow();
  },
);

test('reports an incomplete pair of certificate and key, and an unreadable file, in one sentence each', () => {
  for (const half of [{ TLS_CERT: cert }, { TLS_KEY: key }]) {
    expect(() => open(half)).toThrow('go together');
  }
  const missing = { TLS_CERT: '/none/cert.pem', TLS_KEY: '/none/key.pem' };
  expect(() => open(missing)).toThrow('PARLEY_TLS_CERT=/none/cert.pem cannot be read');
  expect(() => open({ TLS_CA: '/none/ca.pem' })).toThrow('PARLEY_TLS_CA=/none/ca.pem cannot be read');
});

function makeCertificate(): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', [...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
}

async function serialAt(port: number): Promise<string> {
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('files that cannot be used are reported in one sentence each', () => {
  makeCertificate();
  const [pem, other] = [readFileSync(cert), join(folder, 'other.pem')];
  const both = { TLS_CERT: cert, TLS_KEY: key };
  expect(() => open({ ...both, TLS_CLIENT_CA: cert })).toThrow(
    /^PARLEY_TLS_CLIENT_CA needs PARLEY_TLS_CERT, PARLEY_TLS_KEY and PARLEY_TLS_CA. Set all four/,
  );
  writeFileSync(other, pem);
  makeCertificate();
  expect(() => open({ ...both, TLS_CERT: other })).toThrow(
    / do not belong together. Set both to the files of one pair.$/,
  );
  writeFileSync(other, pem.subarray(0, 100));
  expect(() => open({ ...both, TLS_CERT: other })).toThrow(/ holds no certificate in PEM form. Correct the file.$/);
  expect(() => open({ TLS_CA: other })).toThrow(/^PARLEY_TLS_CA=.* holds no certificate in PEM form/);
  writeFileSync(other, Buffer.concat([pem, pem.subarray(0, 100)])); // The second authority is damaged.
  expect(() => open({ TLS_CA: other })).toThrow(/^PARLEY_TLS_CA=.* holds no certificate in PEM form/);
  writeFileSync(other, Buffer.concat([Buffer.from('# two authorities\n'), pem, pem]));
  expect(() => open({ TLS_CA: other })).not.toThrow();
  writeFileSync(other, pem.subarray(0, 100));
  expect(() => open({ ...both, TLS_KEY: other })).toThrow(/ holds no private key in PEM form without a passphrase/);
});

test.each([
  ['expired', 2, /^The certificate in PARLEY_TLS_CERT=\S+ expired on .* UTC. Renew it.$/],
  ['is not valid yet', -2, / is not valid before .* UTC. Set the clock of this machine, or use/],
])('a certificate that %s is refused', (_title, days, words) => {
  makeCertificate();
  const now = Date.now() + days * 86_400_000;
  const clock = import.meta.jest.spyOn(Date, 'now').mockReturnValue(now);
  try {
    expect(() => open({ TLS_CERT: cert, TLS_KEY: key })).toThrow(words);
  } finally {
    clock.mockRestore();
  }
});

test('the commands of docs/tls.md make an authority and a certificate for mutual TLS', async () => {
  const page = readFileSync(new URL('../../../../docs/tls.md', import.meta.url), 'utf8');
  execFileSync('sh', ['-ec', /```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? ''], { cwd: folder, stdio: 'ignore' });
  const [ca, own] = ['ca', 'chat-1'].map((name) => join(folder, name));
  const pair = { TLS_CERT: `${own}.pem`, TLS_KEY: `${own}.key` };
  const certificates = open({ ...pair, TLS_CA: `${ca}.pem`, TLS_CLIENT_CA: `${ca}.pem` });
  await withServer(certificates, (port) => login(`localhost:${port}`, certificates.client));
});

test('serves a changed certificate to new connections, but never one that does not match its key', async () => {
  makeCertificate();
  const taken: string[] = [];
  const certificates = open({ TLS_CERT: cert, TLS_KEY: key }, 20);
  certificates.onRenewed(() => taken.push('taken'));
  taken.pop();
  const work = async (port: number) => {
    const before = await serialAt(port);
    const [oldCert, oldKey] = [readFileSync(cert), readFileSync(key)];
    makeCertificate();
    while (taken.length < 1) await pause(20);
    expect(await serialAt(port)).not.toBe(before);
    writeFileSync(cert, oldCert);
    await pause(100);
    expect(taken).toHaveLength(1);
    writeFileSync(key, oldKey);
    while (taken.length < 2) await pause(20);
    expect(await serialAt(port)).toBe(before);
  };
  await withServer(certificates, work);
});

test('ignores http_proxy for calls between services', async () => {
  process.env.http_proxy = 'http://127.0.0.1:9';
  try {
    await withServer(open({}), async (port) => {
      const client = new Client(`localhost:${port}`, open({}).client, clientOptions);
      await callUnary(client, UserService.login, LoginRequest.create(), { withinMs: 5_000 });
      client.close();
    });
  } finally {
    delete process.env.http_proxy;
  }
});

test('with a certificate, a server serves only clients that use TLS and trust the certificate', async () => {
  makeCertificate();
  await withServer(open({ TLS_CERT: cert, TLS_KEY: key }), async (port) => {
    await login(`localhost:${port}`, open({ TLS_CA: cert }).client);
    for (const stranger of [open({}).client, credentials.createSsl()]) {
      await expect(login(`localhost:${port}`, stranger, 1_000)).rejects.toMatchObject({ reason: 'unreachable' });
    }
  });
});

test('reports a local deadline, and does not pass on the text of the transport', async () => {
  const nobody = open({}).client;
  const refused = login('127.0.0.1:1', nobody, 2_000);
  await expect(refused).rejects.toMatchObject({ reason: 'unreachable', message: expect.not.stringContaining('127') });
  await withServer(open({}), async (port) => {
    await expect(login(`127.0.0.1:${port}`, nobody, -1)).rejects.toMatchObject({ reason: 'deadline-exceeded' });
  });
});
