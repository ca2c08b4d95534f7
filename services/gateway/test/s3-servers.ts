import { type SpawnOptions, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Program } from '@parley/testkit';
import type { S3Config } from '../src/objects/s3-bucket.js';

/** Name of the bucket of each server. */
const bucket = 'parley-files';

interface S3Key {
  readonly keyId: string;
  readonly secret: string;
}

/** An independent server with the API of S3, as `.ci/install` installs it. */
export interface S3Kind {
  readonly name: string;
  readonly isInstalled: boolean;
  /** Whether the server checks signatures and rights. */
  readonly checksSignatures: boolean;
  readonly args: (port: number, folder: string) => string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the bucket, and a key that may only read, write and delete objects in it. */
  readonly prepare: (url: string) => Promise<S3Key>;
}

const isInstalled = (name: string) => spawnSync(name, ['--help'], { stdio: 'ignore' }).status === 0;

const s3rver: S3Kind = {
  name: 's3rver',
  isInstalled: isInstalled('s3rver'),
  checksSignatures: false,
  args: (port, folder) => [
    ...['-a', '127.0.0.1', '-p', String(port), '-d', folder],
    ...['--configure-bucket', bucket, '--no-vhost-buckets'],
  ],
  prepare: async () => ({ keyId: 'S3RVER', secret: 'S3RVER' }), // its only key
};

/** Calls IAM at moto, which sees in the header for which of its services a request is. */
async function callIam(url: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x';
  const body = new URLSearchParams({ Version: '2010-05-08', UserName: 'parley', ...fields });
  return (await fetch(url, { method: 'POST', headers: { authorization }, body })).text();
}

const rights = {
  Version: '2012-10-17',
  Statement: {
    ...{ Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'] },
    Resource: `arn:aws:s3:::${bucket}/*`,
  },
};

const moto: S3Kind = {
  name: 'moto_server',
  isInstalled: isInstalled('moto_server'),
  checksSignatures: true,
  args: (port) => ['-H', '127.0.0.1', '-p', String(port)],
  env: { INITIAL_NO_AUTH_ACTION_COUNT: '4' }, // those of `prepare`
  prepare: async (url) => {
    await callIam(url, { Action: 'CreateUser' });
    const key = await callIam(url, { Action: 'CreateAccessKey' });
    const policy = { PolicyName: 'files', PolicyDocument: JSON.stringify(rights) };
    await callIam(url, { Action: 'PutUserPolicy', ...policy });
    await fetch(`${url}/${bucket}`, { method: 'PUT' });
    const [, keyId = '', secret = ''] = /<AccessKeyId>(.*?)<.*<SecretAccessKey>(.*?)</.exec(key) ?? [];
    return { keyId, secret };
  },
};

/** The servers of the tests. */
export const s3Kinds: readonly S3Kind[] = [s3rver, moto];

/** A running server with an empty bucket. */
export class S3Server {
  /** Address, as `host:port`. */
  readonly address: string;
  readonly config: S3Config;
  readonly #program: Program;
  readonly #folder: string;

  private constructor(program: Program, folder: string, port: number, key: S3Key) {
    this.address = `127.0.0.1:${port}`;
    const endpoint = `http://${this.address}`;
    this.config = { endpoint, region: 'us-east-1', bucket, usesPath: true, waitingBytes: 0, ...key };
    this.#program = program;
    this.#folder = folder;
  }

  static async start({ name, args, env, prepare }: S3Kind): Promise<S3Server> {
    const [folder, port] = [await mkdtemp(join(tmpdir(), 'parley-s3-')), await freePorts(1)];
    const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } };
    const program = new Program(name, args(port, folder), options);
    await program.says(`127.0.0.1:${port}`);
    return new S3Server(program, folder, port, await prepare(`http://127.0.0.1:${port}`));
  }

  /** Returns the settings of a gateway that reaches the server at `address`. */
  settings(address = this.address): Record<string, string> {
    return {
      PARLEY_S3_ENDPOINT: `http://${address}`,
      PARLEY_S3_BUCKET: bucket,
      PARLEY_S3_KEY_ID: this.config.keyId,
      PARLEY_S3_SECRET: this.config.secret,
    };
  }

  /** Kills the server. */
  async stop(): Promise<void> {
    this.#program.child.kill('SIGKILL');
    await this.#program.exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
