import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate with its key, as PEM. */
export interface IssuedPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Subject, validity and signer of a certificate. */
interface CertificateRequest {
  /** Names and addresses, as in `DNS:localhost,IP:127.0.0.1`. Default: this machine. */
  readonly names?: string;
  /** Days from now. Defaults: yesterday, and in 100 days. */
  readonly from?: number;
  readonly to?: number;
  /** Name of the authority in the folder that signs it. Default: `root`. */
  readonly by?: string;
  readonly isAuthority?: boolean;
}

const dayMs = 86_400_000;

function asn1(days: number): string {
  return `${new Date(Date.now() + days * dayMs).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}

/** A certificate authority in a folder, made with openssl. */
export class Authority {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    writeFileSync(this.#path('index.txt'), '');
    this.issue('root', { by: 'root', isAuthority: true });
  }

  #path(file: string): string {
    return join(this.#folder, file);
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe', cwd: this.#folder });
  }

  /** Returns the path of a certificate by its name. */
  file(name: string): string {
    return this.#path(`${name}.pem`);
  }

  /** Returns the path of the key of a certificate. */
  keyFile(name: string): string {
    return this.#path(`${name}.key`);
  }

  /** Issues a certificate. */
  issue(name: string, request: CertificateRequest): IssuedPair {
    const { names = 'DNS:localhost,IP:127.0.0.1', from = -1, to = 100, by = 'root', isAuthority = false } = request;
    const subject = isAuthority ? 'basicConstraints=critical,CA:TRUE' : `subjectAltName=${names}`;
    const config = `[ca]\ndefault_ca=here\n[here]\nnew_certs_dir=.\ndatabase=index.txt\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\n${subject}\n[req]\ndistinguished_name=dn\n[dn]\n`;
    writeFileSync(this.#path(`${name}.cnf`), config);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
    this.#openssl('req', '-config', `${name}.cnf`, ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    const signer =
      by === name ? ['-selfsign', '-keyfile', `${name}.key`] : ['-cert', `${by}.pem`, '-keyfile', `${by}.key`];
    const dates = ['-startdate', asn1(from), '-enddate', asn1(to)];
    this.#openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      `${name}.cnf`,
      ...signer,
      ...dates,
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.pem`,
    );
    return { cert: readFileSync(this.file(name)), key: readFileSync(this.keyFile(name)) };
  }
}
