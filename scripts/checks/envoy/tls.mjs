/**
 * Checks Envoy's listener with a certificate of its own, using curl and grpcurl. Both verify the
 * certificate.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Calls `use` with a self-signed certificate for 127.0.0.1. */
export async function withCertificate(use) {
  const folder = await mkdtemp(join(tmpdir(), 'parley-cert-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = ['-subj', '/CN=parley', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  await run('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert]);
  return use({ cert, key }).finally(() => rm(folder, { recursive: true }));
}

/** Returns the output of a program, or its failure. */
const outputOf = (program, args) =>
  run(program, args).then(
    ({ stdout }) => stdout,
    ({ code, stderr }) => `failed (${code}) ${stderr.split('\n')[0]}`,
  );

export async function tls(system, { log, judge }, { cert }) {
  const { trio, address, url } = system;
  const keys = '/.well-known/jwks.json';
  const form = ['-sS', '-o', '/dev/null', '-w', '%{http_code} HTTP/%{http_version}'];
  const page = await outputOf('curl', [...form, '--cacert', cert, url + keys]);
  judge(`curl --cacert: ${page}`, page === '200 HTTP/2' ? 0 : 1, 0);
  const old = await outputOf('curl', [...form, '--http1.1', '--cacert', cert, url + keys]);
  judge(`curl --http1.1 --cacert: ${old}`, old === '200 HTTP/1.1' ? 0 : 1, 0);
  const untrusted = await outputOf('curl', [...form, url + keys]);
  judge(`curl without it: ${untrusted.trim()}`, untrusted.startsWith('failed (60)') ? 0 : 1, 0);
  const plain = await outputOf('curl', [...form, `http://${address}${keys}`]);
  judge(`curl without TLS: ${plain.trim()}`, plain.startsWith('failed') ? 0 : 1, 0);
  const ann = await trio.people.make('tls-ann');
  const { id } = await trio.create(ann, 'behind tls');
  const { token } = await trio.listen(ann, id);
  const proto = ['-cacert', cert, '-import-path', 'proto', '-proto', 'chat/v1/chat.proto'];
  const call = ['-H', `authorization: Bearer ${token}`, '-H', 'chat-events: 1', '-d', '{"data":"aGVsbG8="}', address];
  const output = await outputOf('grpcurl', [...proto, ...call, 'chat.v1.ChatService/Connect']);
  log(`grpcurl -cacert, Connect: ${[...output.matchAll(/"(welcome|data|seq)"/g)].map(([, key]) => key)}`);
  judge('missing echo of its own message', output.includes('aGVsbG8=') ? 0 : 1, 0);
}
