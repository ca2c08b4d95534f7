import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { LoginRequest, LoginResponse, UserService } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { Metrics, silentLogger } from '@parley/runtime';
import { renewKeyPair } from '../src/grpc/renewal.js';
import { GrpcServerBuilder, renewCredentials, serverCredentials } from '../src/grpc/server.js';
import { clientCredentials } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-tls-'));
const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
afterAll(() => rmSync(folder, { recursive: true }));

const plain = { HOST: '127.0.0.1', INSECURE: false, TLS_CERT: undefined, TLS_KEY: undefined };

async function withServer(
  settings: Parameters<typeof serverCredentials>[0],
  work: (port: number) => Promise<void>,
  credentials = serverCredentials(settings),
): Promise<void> {
  const builder = new GrpcServerBuilder({
    host: settings.HOST,
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

async function login(address: string, channel: ReturnType<typeof clientCredentials>, withinMs = 5_000): Promise<void> {
  const client = new Client(address, channel);
  await callUnary(client, UserService.login, LoginRequest.create(), { withinMs }).finally(() => client.close());
}

test.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'])('allows listening on %s without TLS', (HOST) => {
  expect(() => serverCredentials({ ...plain, HOST })).not.toThrow();
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.example.org', 'localhost.example.org'])(
  'requires TLS to listen on %s',
  (HOST) => {
    expect(() => serverCredentials({ ...plain, HOST })).toThrow(`PARLEY_HOST=${HOST} can be reached by others`);
    expect(() => serverCredentials({ ...plain, HOST, INSECURE: true })).not.toThrow();
  },
);

test('reports an incomplete pair of certificate and key, and an unreadable file, in one sentence each', () => {
  for (const half of [{ TLS_CERT: cert }, { TLS_KEY: key }]) {
    expect(() => serverCredentials({ ...plain, ...half })).toThrow('go together');
  }
  const missing = { ...plain, TLS_CERT: '/none/cert.pem', TLS_KEY: '/none/key.pem' };
  expect(() => serverCredentials(missing)).toThrow('PARLEY_TLS_CERT=/none/cert.pem cannot be read');
  expect(() => clientCredentials({ TLS_CA: '/none/ca.pem' })).toThrow('PARLEY_TLS_CA=/none/ca.pem cannot be read');
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

test('serves a changed certificate to new connections, but never one that does not match its key', async () => {
  makeCertificate();
  const settings = { ...plain, TLS_CERT: cert, TLS_KEY: key };
  const served = serverCredentials(settings);
  const taken: string[] = [];
  const renewal = renewKeyPair(
    settings,
    silentLogger(),
    (pair) => {
      renewCredentials(served, pair);
      taken.push('taken');
    },
    20,
  );
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
  await withServer(settings, work, served).finally(() => renewal.stop());
});

test('ignores http_proxy for calls between services', async () => {
  process.env.http_proxy = 'http://127.0.0.1:9';
  try {
    await withServer(plain, async (port) => {
      const client = new Client(`localhost:${port}`, clientCredentials({ TLS_CA: undefined }), clientOptions);
      await callUnary(client, UserService.login, LoginRequest.create(), { withinMs: 5_000 });
      client.close();
    });
  } finally {
    delete process.env.http_proxy;
  }
});

test('with a certificate, a server serves only clients that use TLS and trust the certificate', async () => {
  makeCertificate();
  await withServer({ ...plain, TLS_CERT: cert, TLS_KEY: key }, async (port) => {
    await login(`localhost:${port}`, clientCredentials({ TLS_CA: cert }));
    for (const stranger of [clientCredentials({ TLS_CA: undefined }), credentials.createSsl()]) {
      await expect(login(`localhost:${port}`, stranger, 1_000)).rejects.toMatchObject({ reason: 'unreachable' });
    }
  });
});

test('reports a local deadline, and does not pass on the text of the transport', async () => {
  const nobody = clientCredentials({ TLS_CA: undefined });
  const refused = login('127.0.0.1:1', nobody, 2_000);
  await expect(refused).rejects.toMatchObject({ reason: 'unreachable', message: expect.not.stringContaining('127') });
  await withServer(plain, async (port) => {
    await expect(login(`127.0.0.1:${port}`, nobody, -1)).rejects.toMatchObject({ reason: 'deadline-exceeded' });
  });
});
