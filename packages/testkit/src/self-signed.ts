import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes a certificate for `localhost`, with its key, in a folder. Returns the paths of both files, and the TLS options for a server. */
export function selfSigned(folder: string) {
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const what = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...what, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { certificate, key, tls: { cert: readFileSync(certificate), key: readFileSync(key) } };
}
